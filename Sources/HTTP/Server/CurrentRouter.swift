import Synchronization

/// The routes of a server, which can be replaced while it runs.
final class CurrentRouter: Sendable {
  private let state: Mutex<Router>

  init(_ router: Router) { state = Mutex(router) }

  var router: Router { state.withLock { $0 } }

  func replace(_ router: Router) { state.withLock { $0 = router } }
}
