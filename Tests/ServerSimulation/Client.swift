import HTTPTestSupport
import JSON

/// A client on one connection, who knows what has to come back.
final class Client {
  let address: String
  private let world: World
  private let network: Network
  private let plan: ClientPlan
  private let keys: KeyBooks
  private var socket: Network.Socket?
  private var lastArrival: Int64 = 0

  /// Requests handed over to be sent, and answered.
  private(set) var begun = 0
  private(set) var answered = 0
  /// Answers that are known to be whole.
  private(set) var answeredWhole = 0
  /// Names of the requests that the API has answered, with what they are told to have taken.
  private(set) var answeredCompletions: [(name: String, usage: JSON?)] = []
  private var outgoing: ArraySlice<UInt8> = []
  private var isSending = false
  private var isReading = false
  private var sent = 0
  private var received = 0
  private var awaitsContinue: ArraySlice<UInt8>?
  private var reader = ResponseReader()
  private var mustEnd = false
  /// Where each request begins in what it sends.
  private var starts: [Int] = []

  /// Something happened for which the server may end the connection, or refuse.
  var isExcused = false
  /// The machine stood still while it was there.
  private var hasSeenStandstill = false
  /// It has closed its side, or seen the server do so.
  private(set) var isOver = false
  /// It has stopped to send or to read for good: the server has to end the connection.
  private var isStalled = false
  private var hasLeft = false
  /// Requests may fail that otherwise could not.
  var mayFail = false
  /// The response it is receiving has to be whole, although the server stops.
  private var isPromised = false

  init(_ world: World, _ network: Network, _ plan: ClientPlan, _ keys: KeyBooks) {
    self.world = world
    self.network = network
    self.plan = plan
    self.keys = keys
    address = plan.address
  }

  /// Neither it nor the server has anything to do with the connection any more.
  var isDone: Bool { isOver && (socket?.isClosed ?? true) }

  /// The server is told to stop.
  /// - Parameter isPatient: whether there is time for all that runs.
  func noteStop(isPatient: Bool) {
    guard case .none = plan.fate else { return isExcused = true }
    isPromised = isPatient && plan.readGap <= 2_000_000 && reader.isWithinBody && !isExcused
    isExcused = true
  }

  /// The machine stood still: time-outs may have run out.
  func noteStandstill() {
    isExcused = true
    hasSeenStandstill = true
    isPromised = false
  }

  var state: String {
    "client \(socket?.descriptor ?? 0): \(begun) of \(plan.requests.count) requests sent, \(answered) answered, "
      + "over \(isOver), excused \(isExcused), \(outgoing.count) to send, fate \(plan.fate), "
      + "closed \(socket?.isClosed ?? false), inbox \(socket?.inbox.count ?? 0), outbox \(socket?.outbox.count ?? 0)"
  }

  func start(capacity: Int) {
    let (socket, arrival) = network.connect(self, capacity: capacity)
    self.socket = socket
    lastArrival = arrival
    sendNext()
  }

  // MARK: - Sending

  private func sendNext() {
    guard begun < plan.requests.count, !isOver, !mustEnd else { return }
    repeat {
      let request = plan.requests[begun]
      begun += 1
      keys.note(request)
      starts.append(sent + outgoing.count)
      outgoing += request.head
      if request.expectsContinue {
        // What follows waits until the server says so, or the client's patience ends.
        awaitsContinue = request.body[...]
        let number = begun
        world.after(Int64(world.int(1...2000)) * 1_000_000) { [self] in
          if begun == number, awaitsContinue != nil { sendBody() }
        }
        break
      }
      outgoing += request.body
    } while plan.pipelines && begun < plan.requests.count
    pump()
  }

  private func sendBody() {
    guard let body = awaitsContinue else { return }
    awaitsContinue = nil
    outgoing += body
    pump()
    if plan.pipelines { sendNext() }
  }

  private func pump() {
    guard !isSending, !outgoing.isEmpty, !isOver, !isStalled, let socket else { return }
    isSending = true
    let time = max(lastArrival + 1, world.time + Int64(world.int(1...max(1, plan.sendGap))))
    lastArrival = time
    world.at(time) { [self] in
      isSending = false
      guard !isOver, !isStalled else { return }
      let count = min(outgoing.count, world.magnitude(1...plan.sendPiece), plan.fate.room(after: sent))
      world.tell("client \(socket.descriptor) sends \(count)")
      if count > 0 {
        network.deliver(outgoing.prefix(count), to: socket)
        outgoing = outgoing.dropFirst(count)
        sent += count
      }
      meetFate()
      pump()
    }
  }

  private func meetFate() {
    guard let socket, !isOver else { return }
    switch plan.fate {
    case .closesAfterSending(let bytes) where sent >= bytes: leave()
    case .closesAfterReceiving(let bytes) where received >= bytes: leave()
    case .resetsAfterSending(let bytes) where sent >= bytes, .resetsAfterReceiving(let bytes) where received >= bytes:
      isExcused = true
      isOver = true
      network.reset(socket, in: 1)
    case .halfClosesAfterSending(let bytes) where sent >= bytes:
      guard !hasLeft else { return }
      hasLeft = true
      isExcused = true
      isStalled = true
      network.deliverEnd(to: socket)
    case .stallsAfterSending(let bytes) where sent >= bytes, .stallsAfterReceiving(let bytes) where received >= bytes:
      isExcused = true
      isStalled = true
    default: break
    }
  }

  /// Closes its socket.
  private func leave() {
    guard let socket, !isOver else { return }
    world.tell("client \(socket.descriptor) leaves")
    isExcused = true
    isOver = true
    socket.isDeserted = true
    socket.outbox = []
    network.deliverEnd(to: socket)
  }

  // MARK: - Receiving

  /// There may be something to read.
  func expectBytes() {
    guard !isReading, !isOver else { return }
    isReading = true
    world.after(Int64(world.int(1...max(1, plan.readGap)))) { [self] in
      isReading = false
      read()
    }
  }

  private func read() {
    guard let socket, !isOver else { return }
    if case .stallsAfterReceiving(let bytes) = plan.fate, received >= bytes, !socket.isClosed { return }
    let bytes = socket.outbox.prefix(world.magnitude(1...plan.readPiece))
    socket.outbox = socket.outbox.dropFirst(bytes.count)
    received += bytes.count
    if !bytes.isEmpty {
      if mustEnd { world.fail("client \(socket.descriptor) receives bytes behind the last response") }
      reader.append(bytes)
      takeResponses(hasEnded: false)
    }
    finishReading()
  }

  private func finishReading() {
    guard let socket else { return }
    if socket.outbox.isEmpty, socket.isClosed || socket.isReset || socket.hasShutDown {
      return end()
    }
    meetFate()
    if !socket.outbox.isEmpty { expectBytes() }
  }

  /// The server has closed, or the connection is broken.
  private func end() {
    guard let socket, !isOver else { return }
    world.tell("client \(socket.descriptor) sees the end")
    if !socket.isReset { takeResponses(hasEnded: true) }
    isOver = true
    network.deliverEnd(to: socket)
    if isPromised { world.fail("a running response is cut off by a server that stops: \(state)") }
    guard !isExcused, !mustEnd else { return }
    if answered < plan.requests.count || reader.isWithinResponse {
      world.fail("the server ends the connection of \(state)")
    }
  }

  private func takeResponses(hasEnded: Bool) {
    do {
      while true {
        let request = answered < begun ? plan.requests[answered] : nil
        guard
          let response = try reader.next(
            isHead: request?.isHead == true && isMethodKnown, isHTTP11: request?.isHTTP11 != false, hasEnded: hasEnded)
        else { return }
        take(response, for: request)
      }
    } catch {
      world.fail("client \(socket?.descriptor ?? 0) receives \(error.reason)")
    }
  }

  /// Whether the server had received the method of the request that it answers next when it did: without it, a refusal has
  /// a body whatever the request is.
  private var isMethodKnown: Bool {
    guard let socket, starts.indices.contains(answered) else { return false }
    return socket.receivedBytes(beforeSending: reader.position) >= starts[answered] + "HEAD ".utf8.count
  }

  private func take(_ response: ResponseReader.Response, for request: ClientRequest?) {
    world.tell("client \(socket?.descriptor ?? 0) receives \(response.status) of \(response.body.count)")
    if mustEnd { world.fail("client \(socket?.descriptor ?? 0) receives a response behind the last one") }
    if response.status == 100 {
      guard request?.expectsContinue == true, awaitsContinue != nil || outgoing.count + sent > 0 else {
        return world.fail("client \(socket?.descriptor ?? 0) is told to continue, and did not ask")
      }
      return sendBody()
    }
    if response.closes { mustEnd = true }
    isPromised = false
    if response.status == 408, isExcused, response.closes { return }
    guard let request else {
      // Refused at once, or timed out.
      if ![429, 503].contains(response.status) || !response.closes {
        world.fail("client \(socket?.descriptor ?? 0) receives \(response.status) and has not asked")
      }
      return
    }
    answered += 1
    if answered == begun { awaitsContinue = nil }
    if !request.isHTTP11, isExcused, response.values("content-length").isEmpty {
      // Where the end of the connection ends the body, a part of it cannot be told from all of it.
      return check(part: response.body, of: request)
    }
    answeredWhole += 1
    if let name = response.values("x-request-id").first {
      if name != request.name { world.fail("request \(request.name) gets the response to \(name)") }
      if request.isCompletion { answeredCompletions.append((name, CompletionCheck.usage(in: response))) }
    }
    let check = AnswerCheck(keys, mayFail: mayFail, hasSeenStandstill: hasSeenStandstill)
    if let problem = check.problem(of: response, for: request) {
      world.fail("client \(socket?.descriptor ?? 0), request \(request.name): \(problem)")
    }
    if request.closes, !response.closes {
      world.fail("client \(socket?.descriptor ?? 0): the connection was to close after \(request.name)")
    }
    guard !response.closes else { return }
    if answered == plan.requests.count {
      if !plan.leavesOpen { world.after(Int64(world.int(1...max(1, plan.thinkTime)))) { [self] in leave() } }
    } else if answered == begun {
      world.after(Int64(world.int(1...max(1, plan.thinkTime)))) { [self] in sendNext() }
    }
  }

  /// Looks at the part of a stream that is there.
  func checkPart() {
    guard answered < begun, reader.response.status == 200 else { return }
    check(part: reader.response.body, of: plan.requests[answered])
  }

  private func check(part body: [UInt8], of request: ClientRequest) {
    guard case .completion(let completion) = request.kind, completion.isStreamed else { return }
    if let problem = CompletionCheck(completion, mayFail: true).problem(ofPart: body) {
      world.fail("client \(socket?.descriptor ?? 0), request \(request.name): \(problem)")
    }
  }
}
