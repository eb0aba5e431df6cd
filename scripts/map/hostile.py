"""Sixty values that a record may hold and that must stay words wherever they go."""

CALL = "steppewatchHostile()"

WORDS = [
    f"<script>{CALL}</script>", f"</script><script>{CALL}</script>", f"<img src=x onerror={CALL}>", f"<svg onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>", f"\"><img src=x onerror={CALL}>", f"'><img src=x onerror={CALL}>", f"--><script>{CALL}</script>",
    f"]]><script>{CALL}</script>", f"<body onload={CALL}>", f"<iframe srcdoc=\"<script>parent.{CALL}</script>\">", f"<iframe src=javascript:{CALL}>",
    f"<a href=javascript:{CALL}>x</a>", f"javascript:{CALL}", f"JaVaScRiPt:{CALL}", f"java\tscript:{CALL}", f"data:text/html,<script>{CALL}</script>",
    "data:text/html;base64,PHNjcmlwdD4=", f"<details open ontoggle={CALL}>", f"<input autofocus onfocus={CALL}>", f"<video><source onerror={CALL}>",
    f"<marquee onstart={CALL}>", f"<math><mi xlink:href=\"javascript:{CALL}\">", f"<object data=javascript:{CALL}>", f"<embed src=javascript:{CALL}>",
    f"<link rel=import href=\"data:text/html,<script>{CALL}</script>\">", "<meta http-equiv=refresh content=\"0;url=http://hostile.invalid/\">",
    "<base href=http://hostile.invalid/>", "<form action=http://hostile.invalid/><button>x</button></form>", "<style>*{background:url(http://hostile.invalid/)}</style>",
    "<!--", "-->", "<![CDATA[", "]]>", "{{script}}", "{{data}}", "${" + CALL + "}", "`${" + CALL + "}`", "\\u003cscript\\u003e" + CALL, "&lt;script&gt;" + CALL,
    "=cmd|'/C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "=HYPERLINK(\"http://hostile.invalid/\",\"x\")", "\t=1+1", "\r=1+1", "\uff1d1+1",
    "../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd\u0000.png", "CON", "a:b", "%2e%2e%2f", "\u202egnp.exe", "\u2066x\u2069\u200f", "line one\nline two\r\nline three",
    "\u0007\u001b[31mred", "__proto__", "\u200b\ufeff\ud7ff\ufffd" + "long" * 400,
]
assert len(WORDS) == 60
