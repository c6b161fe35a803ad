"""The words that a paper has beside those of its form."""

from collections.abc import Mapping

from roadworthy.kernel.decision import Text

WORDS: Mapping[str, Text] = {
    "courtesy": Text("", "Courtesy translation. The Chinese text is the official one."),
    "to": Text("报送", "To"),
    "record": Text("记录", "Record"),
    "form": Text("表格", "Form"),
    "version": Text("版本", "version"),
    "digest": Text("数据摘要 SHA-256", "Data digest SHA-256"),
    "page": Text("第", "Page"),
    "of": Text("页,共", "of"),
    "pages": Text("页", ""),
    "item": Text("序号", "Item"),
    "label": Text("项目", "Item of the form"),
    "value": Text("内容", "Content"),
    "company": Text("填报单位(盖章)", "Company (seal)"),
    "person": Text("填报人(签字)", "Filled in by (signature)"),
    "day": Text("日期", "Date"),
    "yes": Text("是", "Yes"),
    "no": Text("否", "No"),
    "blank": Text("—", "—"),
    "separator": Text("、", "; "),
    "continued": Text("(续)", "(continued)"),
    "bytes": Text("字节", "bytes"),
    "beijing": Text("(北京时间)", "(Beijing time)"),
}

RECIPIENTS: Mapping[str, Text] = {
    "MIIT": Text("工业和信息化部", "Ministry of Industry and Information Technology"),
    "SAMR": Text("国家市场监督管理总局", "State Administration for Market Regulation"),
    "CAC": Text("国家互联网信息办公室", "Cyberspace Administration of China"),
    "LOCAL": Text("地方主管部门", "Local authorities"),
}
