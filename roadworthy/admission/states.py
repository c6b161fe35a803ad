"""Life cycles of admission: reports, receipts, SWINs, findings of production consistency, plans."""

from roadworthy.kernel.lifecycle import Lifecycle, Move

_OFFICER, _COMPLIANCE = "homologation_officer", "compliance_officer"

REPORT = Lifecycle(
    noun="test report",
    initial="recorded",
    moves=(
        Move("recorded", "check", "checked", _OFFICER, "N45-2a"),
        Move("recorded", "withdraw", "withdrawn", _OFFICER, "N45-2a"),
        Move("checked", "withdraw", "withdrawn", _OFFICER, "N45-2a"),
    ),
)

RECEIPT = Lifecycle(
    noun="supplement receipt",
    initial="recorded",
    moves=(
        Move("recorded", "confirm", "confirmed", _OFFICER, "N45-2c"),
        Move("recorded", "withdraw", "withdrawn", _OFFICER, "N45-2c"),
        Move("confirmed", "withdraw", "withdrawn", _OFFICER, "N45-2c"),
    ),
)

SWIN = Lifecycle(
    noun="software identification number",
    initial="proposed",
    moves=(
        Move("proposed", "register", "registered", _OFFICER, "GB96-4.2"),
        Move("proposed", "withdraw", "withdrawn", _OFFICER, "GB96-4.2"),
        Move("registered", "retire", "retired", _OFFICER, "GB96-4.2"),
    ),
)

FINDING = Lifecycle(
    noun="consistency finding",
    initial="open",
    moves=(
        Move("open", "explain", "explained", _COMPLIANCE, "N45-2d"),
        Move("open", "correct", "corrected", _COMPLIANCE, "N45-2d"),
        Move("open", "confirm", "confirmed", _COMPLIANCE, "N45-2d"),
        Move("confirmed", "correct", "corrected", _COMPLIANCE, "N45-2d"),
    ),
)

PLAN = Lifecycle(
    noun="plan after admission",
    initial="owed",
    moves=(
        Move("owed", "write", "written", _OFFICER, "N45-3a"),
        Move("written", "rewrite", "written", _OFFICER, "N45-3a"),
        Move("written", "check", "checked", _OFFICER, "N45-3a"),
        Move("checked", "file", "filed", _OFFICER, "N45-3a"),
    ),
)
