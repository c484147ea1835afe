"""The names, strings, patterns and formats that random schemas are made of, with texts that may satisfy them."""

NAMES = ["id", "name", "kind", "größe", "a/b", "x-y", "items", "value", "note", "tags", "left", "right", "ok", "n"]
WORDS = ["", "a", "ab", "hello", "naïve", "日本", "🙂", 'say "hi"', "back\\slash", "tab\there", "line\nfeed", "O'Brien", "0", " "]

PATTERNS = [
    ("^[a-z]+$", ["a", "abc", "zz"]),
    ("^[A-Z][a-z]{2,5}$", ["Abc", "Zebra"]),
    ("^\\d{3}-\\d{4}$", ["555-0123"]),
    ("\\d", ["a1b", "7"]),
    ("^(red|green|blue)$", ["red", "blue"]),
    ("^x.*y$", ["xy", "x---y"]),
    ("^[^\\s]+$", ["abc", "ümlaut"]),
    ("ab|cd", ["ab", "--cd--"]),
    ("^a{2,4}b?$", ["aa", "aaab"]),
    ("^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", ["555-1212", "(888)555-1212"]),
    ("^\\w+@\\w+\\.com$", ["me@here.com"]),
    ("[\"\\\\]", ['"', "\\", 'a"b']),
    ("^(0|[1-9]\\d*)\\.\\d+$", ["0.5", "12.25"]),
    ("^$", [""]),
    ("^(a|b)*abb$", ["abb", "babb", "aabb"]),
    ("^#[0-9a-fA-F]{6}$", ["#00ffAA"]),
    ("^.{3}$", ["abc", "日本語", "a🙂b"]),
    ("^(?:ab){1,3}$", ["ab", "ababab"]),
    ("\\.json$", ["a.json"]),
    ("^[\\w.-]+$", ["a-b.c"]),
]

FORMATS = {
    "date": ["2024-02-29", "1999-12-31", "2023-02-29", "2024-13-01", "0000-01-01", "2024-04-31", "24-01-01"],
    "time": ["12:34:56Z", "23:59:59.123+02:00", "24:00:00Z", "12:60:00Z", "12:34:56", "00:00:00-23:59"],
    "date-time": ["2024-02-29T12:00:00Z", "2023-02-29T12:00:00Z", "1970-01-01t00:00:00z", "2024-01-01 00:00:00Z"],
    "duration": ["P1D", "PT5M", "P1Y2M3DT4H5M6S", "P2W", "P", "PT", "P1", "1D", "P1S"],
    "email": ["joe@example.com", "a.b+c@sub.example.org", "no-at", "@", "a@b@c"],
    "hostname": ["example.com", "a", "-a.com", "a-.com", "a..b", "x" * 63 + ".org", "x" * 64, "under_score"],
    "ipv4": ["127.0.0.1", "255.255.255.255", "256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5"],
    "ipv6": ["::1", "2001:db8::8a2e:370:7334", "::ffff:1.2.3.4", ":::", "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%eth0"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000", "123e4567", "x" * 36],
    "uri": ["http://example.com/a?b=c#d", "urn:isbn:0451450523", "mailto:a@b.c", "//no.scheme", "a b", "http://[::1]:80/"],
    "uri-reference": ["/a/b", "../x?y", "#f", "http://e.org", "\\\\x", "a b", ""],
    "json-pointer": ["", "/a/b", "/a~0b/~1", "a", "/~2", "/~"],
    "iri": ["http://exämple.org/ü", "ftp://a", "/rel"],
    "uri-template": ["http://example.com/{id}", "/a{?x,y*}", "{", "/{a:3}"],
}
