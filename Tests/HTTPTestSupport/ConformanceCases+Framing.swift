extension ConformanceTable {
  static let framing = #"""
    # Content-Length: digits, once.
    9112-6.2 | 200 open | POST /@Content-Length: %~~hello | 5 05 \s5 005\t
    9112-6.3 | 400 | POST /@Content-Length:%~~hello | \s \s-5 \s+5 \s5\s5 \s5,5 \s5,\s5 \s5,6 \s0x5 \s5.0 \s5e0 \sfive \s5; \s"5" \s5\x00 \s\x35\x80 \s5a \s_5 \s5_ \s٥
    9112-6.3 | 400 | POST /@Content-Length: 5~%~~hello | Content-Length:\s5 Content-Length:\s6 content-length:\s5 CONTENT-LENGTH:\s0 X:\sy~Content-Length:\s5
    9110-8.6 | 413 | POST /@Content-Length: %~~ | 1001 9223372036854775807 9223372036854775808 18446744073709551616 99999999999999999999999999
    # Both, and none, and others: what two servers could read differently.
    9112-6.1 | 400 | POST /@%~~0~~ | Content-Length:\s5~Transfer-Encoding:\schunked Transfer-Encoding:\schunked~Content-Length:\s5 Content-Length:\s0~Transfer-Encoding:\schunked Transfer-Encoding:\schunked~Content-Length: transfer-encoding:\schunked~content-length:\s5
    9112-6.1 | 400 | POST / HTTP/1.0~Host: h~Transfer-Encoding: %~~0~~ | chunked identity gzip
    9112-6.1 | 400 | POST /@Transfer-Encoding:%~~0~~ | \s \schunked,chunked \schunked,\schunked \s,chunked \schunked, \s,\schunked\s, \s, \schunk\sed \s"chunked" \schunked;q=1 \schunked\s; \schunked\x00 \schu\x0bnked \s\x80chunked \s[chunked]
    9112-7 | 501 | POST /@Transfer-Encoding: %~~0~~ | identity gzip deflate compress x-chunked chunked1 xchunked chunked-x cow gzip,chunked chunked,gzip identity,chunked chunked,identity
    9112-6.1 | 400 | POST /@Transfer-Encoding: chunked~%~~0~~ | Transfer-Encoding:\schunked transfer-encoding:\schunked Transfer-Encoding:
    9112-6.1 | 501 | POST /@Transfer-Encoding: chunked~%~~0~~ | Transfer-Encoding:\sidentity Transfer-Encoding:\sgzip
    9112-7 | 200 open | POST /@Transfer-Encoding: %~~0~~ | chunked Chunked CHUNKED \schunked\s \tchunked\t
    9112-5.1 | 400 | POST /@%~~0~~ | Transfer-Encoding\s:\schunked Transfer-Encoding\t:\schunked Content-Length\s:\s5 \sTransfer-Encoding:\schunked Transfer-Encoding\x00:\schunked Transfer-Encoding\x0b:\schunked
    9112-5.2 | 400 | POST /@Transfer-Encoding:~%chunked~~0~~ | \s \t
    9112-2.2 | 400 | POST /@%~~0~~ | X:\sy\nTransfer-Encoding:\schunked X:\sy\rTransfer-Encoding:\schunked X:\sy\x00~Content-Length:\s5 Transfer-Encoding:\schunked\n Transfer-Encoding:\schunked\r X:\sy\r\rContent-Length:\s5
    9112-6.3 | 200 open | % /@~ | GET POST DELETE
    9112-6.3 | 200 open | % /@Content-Length: 5~~hello | GET HEAD DELETE OPTIONS
    9112-6.3 | 200 open | % /@Transfer-Encoding: chunked~~5~hello~0~~ | GET HEAD DELETE
    # Chunks.
    9112-7.1 | 200 open | POST /@Transfer-Encoding: chunked~~%~0~~ | 5~hello 1~h~4~ello 05~hello 00000005~hello a~0123456789 A~0123456789 0000000A~0123456789
    9112-7.1 | 200 open | POST /@Transfer-Encoding: chunked~~% | 0~~ 000~~ 0~X:\sy~~ 0~X:y~Z:~~ 0;a~~
    9112-7.1.1 | 200 open | POST /@Transfer-Encoding: chunked~~5%~hello~0~~ | ;a ;a=b ;a="b" ;a="b\sc" ;a="\\"" ;a;b;c=d \s;a ;\sa ;a\s=\sb \t;\ta
    9112-7.1.1 | 400 | POST /@Transfer-Encoding: chunked~~5%~hello~0~~ | ; ;= ;=b ;a= ;a=; ;a="b ;a=b" ;; ;a;;b ;a\sb ;a="\x00" \s \t \sx x5 ;a=\x7f ;a"b" ,a
    9112-7.1 | 400 | POST /@Transfer-Encoding: chunked~~%~hello~0~~ | 5\s \s5 -5 +5 0x5 5h x h5 "5" 5.0 5\n 5\r 5,5 _5 5_ \x35\x00 ٥ 5\sx
    9112-7.1 | 400 | POST /@Transfer-Encoding: chunked~~~5~hello~0~~
    9112-7.1 | 400 | POST /@Transfer-Encoding: chunked~~5~hello%0~~ | \n \r \r\r\n x~ \s~ \x00~ ~~ \n\r\n
    9112-7.1 | 400 | POST /@Transfer-Encoding: chunked~~5\nhello~0~~
    9112-7.1 | 400 | POST /@Transfer-Encoding: chunked~~5~hello~0% | \n\n \n~ \r\r\n~ ~\n
    9112-7.1 | 413 | POST /@Transfer-Encoding: chunked~~%~hello~0~~ | 3e9 fffffff 7fffffffffffffff 8000000000000000 ffffffffffffffff 10000000000000005 100000000000000000000000000000005
    9112-7.1 | 413 | POST /@Transfer-Encoding: chunked~~5~hello~3e4~x
    9112-7.1.2 | 400 | POST /@Transfer-Encoding: chunked~~0~%~~ | X\s:\sy X \sX:\sy :y X:\sa\x00b X:\sa\nY:\sb X:\sa\rb X(:\sy X:\sa~\sb
    # What a front end that counts otherwise would let through: the rest must not become a request.
    9112-11.2 | 400 | POST /@Content-Length: 6~Transfer-Encoding: chunked~~0~~G
    9112-11.2 | 400 | POST /@Content-Length: 4~Content-Length: 0~~GET /admin HTTP/1.1~X: y
    9112-11.2 | 400 | POST /@Transfer-Encoding: chunked~Content-Length: 4~~5c~GET /admin HTTP/1.1~~0~~
    9112-11.2 | 400 | POST /@Transfer-Encoding:\x0bchunked~~0~~
    9112-11.2 | 501 | POST /@Transfer-Encoding: xchunked~~0~~
    9112-11.1 | 400 | GET /a\r\n\sHTTP/1.1~Host: h~~
    """#.replacing("/@", with: "/ HTTP/1.1@")

  static let connections = #"""
    # How long a connection lives.
    9112-9.3 | 200 | GET / HTTP/1.1@Connection: %~~ | close Close CLOSE close,x x,close x,\sclose ,close, close,keep-alive
    9112-9.3 | 200 open | GET / HTTP/1.1@Connection: %~~ | keep-alive x closed x-close "close"
    9112-9.3 | 200 | GET / HTTP/1.0@%~~ | X:\sy Connection:\sclose Connection:\sx Connection:\skeep-alive,close
    9112-9.3 | 200 open | GET / HTTP/1.0@Connection: %~~ | keep-alive Keep-Alive x,keep-alive
    9112-9.3.2 | 200 200 open | GET /a HTTP/1.1@~GET /b HTTP/1.1@~
    9112-9.3.2 | 200 200 200 open | GET /a HTTP/1.1@~POST /b HTTP/1.1@Content-Length: 2~~xyGET /c HTTP/1.1@~
    9112-9.3.2 | 200 400 | GET /a HTTP/1.1@~GET /b HTTP/1.1~~
    9112-9.3.2 | 200 | GET /a HTTP/1.1@Connection: close~~GET /b HTTP/1.1@~
    9112-9.3.2 | 400 | GET /a HTTP/1.1~~GET /b HTTP/1.1@~
    9110-10.1.1 | 417 | POST / HTTP/1.1@Content-Length: 1~Expect: %~~x | x 100 continue 100-continue,x 101-continue
    9110-10.1.1 | 200 open | POST / HTTP/1.1@Content-Length: 1~Expect: %~~x | 100-continue 100-Continue
    9110-10.1.1 | 200 | POST / HTTP/1.0@Content-Length: 1~Expect: 100-continue~~x
    9110-7.8 | 200 open | GET / HTTP/1.1@Upgrade: %~Connection: upgrade~~ | h2c websocket TLS/1.0
    9110-9.3.2 | 200 open | HEAD / HTTP/1.1@~
    9113-3.4 | 505 | PRI * HTTP/2.0~~SM~~
    """#
}
