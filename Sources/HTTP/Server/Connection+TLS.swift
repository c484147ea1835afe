import HTTPTypes

/// Connections that are encrypted.
extension Connection {
  /// Waits for the peer to begin.
  func startTLS(_ context: TLSContext, refusing refusal: HTTPError?) {
    guard let session = TLSSession(context) else { return lose() }
    tls = session
    phase = .handshaking(refusal: refusal)
    limitHandshake()
  }

  /// Sends bytes of HTTP, encrypted where the connection is.
  func send(_ bytes: [UInt8]) {
    guard case .open = phase else { return }
    guard let tls else { return output.append(bytes) }
    guard (try? tls.send(bytes)) != nil else { return lose() }
    output.append(tls.takeOutput())
  }

  /// What the peer sent has been decrypted, or could not be.
  func takeDecrypted(_ result: Result<[UInt8], TLSSession.Failure>, from tls: TLSSession) {
    let answer = tls.takeOutput()
    // Answers to messages of the protocol, which a peer that reads nothing could pile up.
    guard answer.isEmpty || output.count <= context.limits.outputBufferBytes else { return lose() }
    output.append(answer)
    switch result {
    case .success(let bytes):
      if tls.isEstablished, case .handshaking(let refusal) = phase { open(refusing: refusal) }
      perform(bytes.isEmpty ? [] : machine.receive(bytes))
      if tls.hasPeerClosed { perform(machine.receiveEnd()) }
    case .failure(let failure):
      fail(failure)
    }
  }

  /// Sends the alert that is in the output, and nothing else.
  private func fail(_ failure: TLSSession.Failure) {
    tls = nil
    if case .handshaking = phase {
      context.observer.onEvent(.handshakeFailed(remoteAddress: remoteAddress, reason: failure.reason))
      if failure.isPlainHTTP {
        output.removeAll()
        return open(refusing: HTTPError(.badRequest, "this port takes HTTPS, and was sent plain HTTP"))
      }
    }
    isLost = true
    phase = .flushing(lingering: true)
    perform(machine.lose())
  }

  /// Tells the peer that nothing follows what is in the output: without that it could not tell the end from a cut.
  func closeTLS() {
    guard let tls else { return }
    tls.close()
    output.append(tls.takeOutput())
    self.tls = nil
  }
}
