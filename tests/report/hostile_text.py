"""What a stranger might say to break out of a form of output."""

HOSTILE = (
    "]]><script>alert(1)</script><!--",
    '"><img src=x onerror=1> &amp; &#60;b&#62;',
    "| a | b |\n|---|---|\n\n# Heading\n- item\n> quote\n```\n1. one",
    "[click](http://evil.example/) ![x](y) <http://a.example> www.evil.example a@b.example @team #1 GH-2",
    "http://evil.example https://evil.example mailto:x@evil.example ftp://evil.example xmpp:a@b.example",
    "**bold** __x__ ~~gone~~ `code` ``two`` $x$ \\| \\` {0} {x} [a](1) ::: :smile: 0123456789abcdef",
    '=HYPERLINK("http://evil.example") , "quoted", \'it\'',
    "@SUM(1) +1 -1\t\r\n=1+1",
    "\x00\x1b[2J\x08\x7f\x85\u202e\u2028\ufeff\ufffe\uffff\ud800\udfff\U0010ffff",
    "",
    "     ",
    "`" * 70 + "\\",
    "x" * 20_000,
)
