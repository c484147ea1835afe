import FuzzSupport
import Foundation

/// Runs the whole server (listener, event loops, router, every handler, scheduler, a scripted model) in this process,
/// and lets clients do over real sockets what the input says: any bytes in any pieces, pipelined, on several connections
/// that are closed, half-closed, reset or left alone, while keys are replaced and the server is stopped.
///
/// After each input every connection has ended, what came back is what the server's log says, byte by byte a legal
/// exchange, and nothing is left of it: no connection, no request, no page, no descriptor.
private nonisolated(unsafe) var session: (player: Player, mutator: Mutator)?

private func currentSession() -> (player: Player, mutator: Mutator) {
  if let session { return session }
  do {
    let player = try Player()
    let made = (player, Mutator(player.server.api))
    session = made
    return made
  } catch {
    fatalError("\(error)")
  }
}

@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  do {
    try currentSession().player.play(Script(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    fatalError(error.what)
  }
  return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ size: Int, _ capacity: Int, _ seed: CUnsignedInt) -> Int {
  currentSession().mutator.mutate(bytes, size, capacity, seed: UInt64(seed))
}

// Says how much was done, and lets go of everything before leaks are looked for.
atexit {
  guard let player = session?.player else { return }
  let done = "stat::requests: \(player.server.ledger.requests) on \(player.connections) connections\n"
  FileHandle.standardError.write(Data(done.utf8))
  player.server.stop()
  session = nil
}

runFuzzer()
