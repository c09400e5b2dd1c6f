"""The catalogue: every text of every page, Chinese and English side by side. Templates and scripts hold none."""

from collections.abc import Mapping
from typing import Final

from api.pages.texts_console import CONSOLE
from api.pages.texts_docs import DOCS
from api.pages.texts_findings import FINDINGS
from api.pages.texts_home import HOME
from api.pages.texts_portal import PORTAL
from api.pages.texts_receipts import RECEIPTS
from api.pages.texts_registry import REGISTRY
from api.pages.texts_tariffs import TARIFFS
from api.pages.texts_unloads import UNLOADS
from api.pages.texts_web import WEB

FRAME: Final[Mapping[str, tuple[str, str]]] = {
    "brand": ("市民卡", "Citizen Card"),
    "skip": ("跳到正文", "Skip to content"),
    "nav": ("主导航", "Main"),
    "nav.home": ("首页", "Home"),
    "nav.docs": ("接口文档", "Interface"),
    "language.zh-Hans": ("中文", "中文"),
    "language.en": ("English", "English"),
    "language.switch": ("切换到英文", "Switch to Chinese"),
    "test.realm": (
        "测试环境：卡片、密钥、姓名与号码均为虚构",
        "Test realm: cards, keys, names and numbers are invented",
    ),
    "licence": ("以 Apache-2.0 许可证开源", "Open source, Apache-2.0"),
    "trouble.title": ("暂时无法显示", "This cannot be shown just now"),
    "trouble.database_away": (
        "数据库没有应答。没有任何内容被更改；已刷的卡保存在终端里，稍后会补传。",
        "The database does not answer. Nothing was changed; taps are kept in the terminals and will be sent later.",
    ),
    "trouble.internal_error": (
        "我们这边出了差错。没有任何内容被更改；如需报告，请附上编号。",
        "Something went wrong on our side. Nothing was changed; if you report it, please name the reference.",
    ),
    "trouble.reference": ("编号 {reference}", "Reference {reference}"),
    "trouble.again": ("再试一次", "Try again"),
}

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    **FRAME,
    **HOME,
    **DOCS,
    **WEB,
    **CONSOLE,
    **PORTAL,
    **RECEIPTS,
    **UNLOADS,
    **TARIFFS,
    **REGISTRY,
    **FINDINGS,
}
