"""Cut the fonts of printed papers out of a Noto Sans CJK collection: `python -m tools.make_fonts [FOLDER]`.

FOLDER holds NotoSansCJK-Regular.ttc and NotoSansCJK-Bold.ttc (Debian: fonts-noto-cjk). What is left is GB 2312, the
signs that forms use and characters of names that GB 2312 lacks. The family is renamed, so that a full Noto font of
the system still counts as another font and can step in for what is missing here. Needs fonttools.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

SYSTEM = Path("/usr/share/fonts/opentype/noto")
OURS = Path(__file__).parent.parent / "roadworthy" / "documents" / "fonts"
FAMILY = "Roadworthy Sans SC"
# Blocks that papers use beside the Chinese characters: first and last code point.
BLOCKS = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x391, 0x3C9), (0x410, 0x451), (0x2010, 0x2027), (0x2030, 0x205E), (0x20A9, 0x20AC),
    (0x2100, 0x214F), (0x2150, 0x218B), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2460, 0x24FF), (0x2500, 0x257F),
    (0x25A0, 0x25FF), (0x2600, 0x2606), (0x2610, 0x2612), (0x2713, 0x2717), (0x3000, 0x30FF), (0x3200, 0x33FF),
    (0xFF01, 0xFF5E), (0xFFE0, 0xFFE6),
)  # fmt: skip
# Characters of given names, family names and places that came after GB 2312.
NAMES = (
    "喆堃玥珺昇煊赟翀犇璟珏甯祎祺禛禔筠筱箐綦緁羿翊翮臻艺芃苡茜荇莜莳菀菡萱葳蓁蔺薇藜蘅虓蜓衎裎褀詠谞谡豳赪"
    "骞镕鑫淼焱垚嘉玮琰瑄璇璐瓒珩珣琤琬琮瑀瑗璠璘璨昉昕昱晗晟晔晞晢暄暐暠曈曦炜炫烜烨焓焜煜熠燚爔彧弢忞怿恺惇愔懿"
    "旻旸旼昀昇昳昶晁晏沄沅沣泠泓洺浛浠涵淏淩淯渝渼湉湜溁滢漪潆潇澍澔濛灏玘玙玚玭玹珈珉珝珞珵琇琎琛琨瑢瑧璜璞"
    "祯祾稷穆竑笙笪筌粲绮缦缪翛羲莙菁葭蒨蓥蕙薏藿蘅祉袆闫闵阚郄郗郜郦邬邰鄞鄢栾桓椿榕楷樾橦檀奭妍妤妘姝姵娅婧婳嫣嬿"
    "屹岐峣崟嵘嵩巍帆弋彤彦徵忻恒悫惟慜扬抒捷旖镒钰铖铄铉铠锴锜镐镔韫頔颀颢飏飒骁骐骅骢骥鲲鹍鹏鹭麒麟黛龢"
)  # fmt: skip


def characters() -> set[int]:
    """Give the code points that the fonts keep."""
    rows = bytes(range(0xA1, 0xF8)), bytes(range(0xA1, 0xFF))
    pairs = (bytes((high, low)).decode("gb2312", "ignore") for high in rows[0] for low in rows[1])
    blocks = (point for first, last in BLOCKS for point in range(first, last + 1))
    return {ord(c) for pair in pairs for c in pair} | set(blocks) | {ord(c) for c in NAMES}


def main(folder: Path) -> None:
    """Write both fonts and the list of what they hold."""
    OURS.mkdir(parents=True, exist_ok=True)
    held: set[int] = set()
    for style in ("Regular", "Bold"):
        font = simplified(folder / f"NotoSansCJK-{style}.ttc")
        cut(font)
        rename(font, style)
        font.save(OURS / f"RoadworthySansSC-{style}.otf")
        held = set(font.getBestCmap())
    lines = "\n".join(f"{first:04X}-{last:04X}" for first, last in ranges(sorted(held)))
    (OURS / "coverage.txt").write_text(f"{lines}\n", encoding="ascii")


def simplified(path: Path) -> TTFont:
    """Give the face of a collection that draws Chinese as in mainland China."""
    faces = TTCollection(path, lazy=True).fonts
    return next(font for font in faces if font["name"].getDebugName(1).endswith("SC"))


def cut(font: TTFont) -> None:
    """Leave only the wanted characters, without hints, vertical and historic features."""
    options = Options()
    options.hinting = False
    options.desubroutinize = False
    options.layout_features = ["kern"]
    options.name_languages = ["*"]
    options.drop_tables += ["VORG", "vhea", "vmtx", "DSIG", "BASE"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=characters())
    subsetter.subset(font)


def rename(font: TTFont, style: str) -> None:
    """Give the family its own name; the copyright and licence entries stay."""
    names = font["name"]
    kept = [record for record in names.names if record.nameID in (0, 13, 14) and record.langID == 0x409]
    names.names = kept
    plain = FAMILY.replace(" ", "")
    texts = {
        1: FAMILY,
        2: style,
        3: f"{plain}-{style}",
        4: f"{FAMILY} {style}",
        5: "Version 1.0",
        6: f"{plain}-{style}",
    }
    for number, text in texts.items():
        names.setName(text, number, 3, 1, 0x409)
    table = font["CFF "].cff
    table.fontNames = [f"{plain}-{style}"]
    table.topDictIndex[0].FamilyName = FAMILY
    table.topDictIndex[0].FullName = f"{FAMILY} {style}"


def ranges(points: list[int]) -> Iterator[tuple[int, int]]:
    """Give runs of neighbouring code points as first and last."""
    first = last = points[0]
    for point in points[1:]:
        if point != last + 1:
            yield first, last
            first = point
        last = point
    yield first, last


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SYSTEM)
