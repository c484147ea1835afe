extension ConformanceTable {
  /// Requests and how they are framed, by the sections of RFC 9112 (the syntax of messages) and RFC 9110 (what they
  /// mean).
  public static let all = cases(requestLines) + cases(fields) + cases(framing) + cases(connections)

  private static let requestLines = #"""
    # The line: method SP target SP version.
    9112-3 | 200 open | % /@~ | GET HEAD POST PUT DELETE PATCH OPTIONS TRACE PROPFIND X get g-e_t!#$\c&'*+.^`\p\w
    9112-3.1 | 400 | %GET /@~ | \s \t \x00 \x0b
    9112-3 | 400 | GET% /@~ | \s \t \s\s \x00 \x0c
    9112-3 | 400 | GET /%HTTP/1.1~Host: h~~ | \s\s \t \s\t \x0b
    9112-3 | 400 | GET / HTTP/1.1%~Host: h~~ | \s \t \x00 \ss
    9110-5.6.2 | 400 | G%T /@~ | ( ) , / : ; < = > ? [ ] { } " \\ \a \x7f \x80 \xff
    9112-3 | 400 | %~Host: h~~ | GET GET\s/ GET\s/\sHTTP/1.1\sx / HTTP/1.1 \s \sGET\s/\sHTTP/1.1
    9112-2.3 | 400 | GET / %~Host: h~~ | HTTP HTTP/ HTTP/1 HTTP/1. HTTP/.1 HTTP/11 HTTP/1.10 HTTP/01.1 HTTP/1,1 http/1.1 Http/1.1 HTTPS/1.1 HTTP/a.b HTTP/1.x HTTP/-1.1 HTTP/+1.1 ICY/1.0 1.1 HTTP\\1.1 HTTP//1.1 HTTP/1\s.1
    9110-2.5 | 505 | GET / HTTP/%~Host: h~~ | 0.9 2.0 3.0 9.9 0.0 2.1
    9110-2.5 | 200 open | GET / HTTP/1.%~Host: h~~ | 1 2 9
    9112-3.2.1 | 200 open | GET % HTTP/1.1~Host: h~~ | / /a /a/b /a?b /a?b=c&d /? /a/../b /. // //x /%41 /\c41 /\c00 /a;b /a=b /a:b /\aa /a!$&'()*+,;= /a?b?c /a?\\^`{\p}
    9112-3.2 | 400 | GET % HTTP/1.1~Host: h~~ | a a/b ? #a /#a /a#b /a?b#c /\c /\c4 /\cg1 /\c4g /a" /a< /a> /a\\b /a^b /a`b /a{b /a}b /a\pb /\x7f /\x80 /\xc3\xa9 /\x01 .. * ftp://h/ http:/h http:h http:///a https:// ://h
    9112-3.2.2 | 200 open | GET % HTTP/1.1~Host: h~~ | http://h http://h/ http://h/a?b HTTP://h/a https://h:1/a http://[::1]/ http://h?a
    9112-3.2.2 | 400 | GET http://%/ HTTP/1.1~Host: h~~ | u\ah h:x [::1 a"b a<b a\\b h:1:2
    9112-3.2.3 | 501 | CONNECT % HTTP/1.1~Host: h~~ | h:1 / http://h/
    9112-3.2.4 | 200 open | OPTIONS * HTTP/1.1~Host: h~~
    9112-3.2.4 | 400 | % * HTTP/1.1~Host: h~~ | GET POST HEAD options
    9112-2.2 | 200 open | ~GET /@~
    9112-2.2 | 400 | ~~GET /@~
    9112-2.2 | 400 | %GET /@~ | \n \r \r\r\n \n\n
    9112-2.2 | 400 | GET / HTTP/1.1%Host: h~~ | \n \r \r\r\n \n\r \x00\n
    """#.replacing("/@~", with: "/ HTTP/1.1@~")

  private static let fields = #"""
    # Host: exactly one that is a host.
    9112-3.2 | 400 | GET / HTTP/1.1~~
    9112-3.2 | 200 | GET / HTTP/1.0~~
    9112-3.2 | 400 | GET / HTTP/1.1~%~~ | Host:\sa~Host:\sa Host:\sa~host:\sb Host:~Host: Host:\sa~X:\sy~HOST:\sb
    9112-3.2 | 400 | GET / HTTP/1.0~Host: a~Host: b~~
    9112-3.2 | 200 open | GET / HTTP/1.1~Host:%~~ | \sh h \s \th\t \sh:80 \s127.0.0.1 \s[::1]:80 \sa.b-c_d \sh: \sa,b
    9112-3.2 | 400 | GET / HTTP/1.1~Host: %~~ | a\sb a/b /a a?b a#b a\ab u:p\ah http://a [::1 ::1] a:b a:1:2 a\\b a"b a<b \x80 a\x00b
    # Names and values.
    9112-5.1 | 400 | GET / HTTP/1.1@X% v~~ | \s: \t: \s\s: \s:\s
    9110-5.1 | 400 | GET / HTTP/1.1@%: v~~ | \x00 a\sb ( ) , / ; < = > ? [ ] { } " \\ \a \x7f \x80 \xff a(b) a\x01 a\x0b
    9112-5 | 400 | GET / HTTP/1.1@%~~ | x : :v x\sy =v \sx:v \tx:v
    9110-5.5 | 400 | GET / HTTP/1.1@X: a%b~~ | \x00 \x01 \x02 \x03 \x04 \x05 \x06 \x07 \x08 \x0b \x0c \x0e \x0f \x10 \x11 \x12 \x13 \x14 \x15 \x16 \x17 \x18 \x19 \x1a \x1b \x1c \x1d \x1e \x1f \x7f
    9110-5.5 | 200 open | GET / HTTP/1.1@X:%~~ | v \sv \tv\t \s\s \x80 \xff \xc3\xa9 a\tb " ( a,b a:b
    9110-5.6.2 | 200 open | GET / HTTP/1.1@%: v~~ | x X-Y x_y 0 ! # $ & ' * + . ^ ` \p \w
    9112-5.2 | 400 | GET / HTTP/1.1@X: a~%b~~ | \s \t \s\s \s\t
    9112-2.2 | 400 | GET / HTTP/1.1~% Host: h~~ | \s \t
    9112-2.2 | 400 | GET / HTTP/1.1@X: a%Y: b~~ | \n \r \r\r\n \n\r\n
    9112-2.2 | 400 | GET / HTTP/1.1@% | \n \r\r\n \n\r\n
    9110-5.4 | 431 | GET / HTTP/1.1@X: %~~ | \L
    9110-15.5.15 | 414 | GET /% HTTP/1.1@~ | \L
    """#
}
