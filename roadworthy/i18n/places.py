"""The 34 provincial units of China as data holds them (Chinese, GB/T 2260) and as English pages write them."""

from roadworthy.i18n.catalog import Language

_LIST = """
北京=Beijing 天津=Tianjin 河北=Hebei 山西=Shanxi 内蒙古=Inner_Mongolia 辽宁=Liaoning 吉林=Jilin 黑龙江=Heilongjiang
上海=Shanghai 江苏=Jiangsu 浙江=Zhejiang 安徽=Anhui 福建=Fujian 江西=Jiangxi 山东=Shandong 河南=Henan 湖北=Hubei
湖南=Hunan 广东=Guangdong 广西=Guangxi 海南=Hainan 重庆=Chongqing 四川=Sichuan 贵州=Guizhou 云南=Yunnan 西藏=Tibet
陕西=Shaanxi 甘肃=Gansu 青海=Qinghai 宁夏=Ningxia 新疆=Xinjiang 台湾=Taiwan 香港=Hong_Kong 澳门=Macao
"""
_ENGLISH = dict(pair.split("=") for pair in _LIST.split())
_CHINESE = {english.replace("_", " ").lower(): chinese for chinese, english in _ENGLISH.items()}


def place(name: str, language: Language) -> str:
    """Give a province's short name in a language; long forms (广东省, 广西壮族自治区) count, other names stay."""
    short = next((known for known in _ENGLISH if name.startswith(known)), _CHINESE.get(name.lower(), ""))
    if not short:
        return name
    return short if language is Language.ZH else _ENGLISH[short].replace("_", " ")
