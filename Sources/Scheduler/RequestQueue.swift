/// The requests that wait for a place, in the order they are to be served in.
///
/// Those that ran before come first. Then the tenant's turn comes that was served least, as virtual token counters count
/// it (Sheng et al., Fairness in Serving Large Language Models, 2024): a tenant that comes back after a pause starts
/// where the others are, and has saved nothing up. Within a tenant, and among those that ran before, rank decides.
struct RequestQueue: Sendable {
  /// One tenant's requests and account.
  private struct Account: Sendable {
    let tenant: TenantID
    /// Tokens computed for it, weighted.
    var served = 0
    var waiting = IndexedHeap<Rank>()
    /// Requests that wait or run.
    var present = 0
  }

  /// Who is served least comes first; then who came first.
  private struct Turn: Comparable, Sendable {
    let served: Int
    let account: Int32

    static func < (a: Turn, b: Turn) -> Bool {
      a.served != b.served ? a.served < b.served : a.account < b.account
    }
  }

  /// Accounts without requests that are remembered, at most.
  private static let idleLimit = 1024

  private var accounts: [Account] = []
  private var freeAccounts: [Int32] = []
  private var accountOf: [TenantID: Int32] = [:]
  private var idleCount = 0
  /// Accounts with waiting requests, by what they were served when the key was last looked at.
  private var turns = IndexedHeap<Turn>()
  private var resumed = IndexedHeap<Rank>()
  /// What the tenant was served whose turn came last.
  private var floor = 0
  private(set) var count = 0

  // MARK: - Accounts

  /// A request of the tenant is there from now on.
  /// - Returns: its account.
  mutating func enter(_ tenant: TenantID) -> Int32 {
    let account = accountOf[tenant] ?? open(tenant)
    if accounts[Int(account)].present == 0 {
      idleCount -= 1
      accounts[Int(account)].served = max(accounts[Int(account)].served, floor)
    }
    accounts[Int(account)].present += 1
    return account
  }

  /// A request of the account is there no longer.
  mutating func leave(_ account: Int32) {
    accounts[Int(account)].present -= 1
    guard accounts[Int(account)].present == 0 else { return }
    idleCount += 1
    if idleCount > Self.idleLimit { forgetIdle() }
  }

  mutating func charge(_ account: Int32, _ tokens: Int) { accounts[Int(account)].served += tokens }

  /// The tenant's requests, waiting and running.
  func presentCount(of tenant: TenantID) -> Int { accountOf[tenant].map { accounts[Int($0)].present } ?? 0 }

  /// Tenants with waiting requests.
  var contenderCount: Int { turns.count }

  private mutating func open(_ tenant: TenantID) -> Int32 {
    let account = freeAccounts.popLast() ?? Int32(accounts.count)
    if Int(account) == accounts.count {
      accounts.append(Account(tenant: tenant))
    } else {
      accounts[Int(account)] = Account(tenant: tenant)
    }
    accountOf[tenant] = account
    idleCount += 1
    return account
  }

  /// Closes all accounts without requests; their tenants start anew where the others are.
  private mutating func forgetIdle() {
    for (tenant, account) in accountOf where accounts[Int(account)].present == 0 {
      accountOf[tenant] = nil
      freeAccounts.append(account)
    }
    freeAccounts.sort(by: >)
    idleCount = 0
  }

  // MARK: - Order

  mutating func insert(_ item: Int32, account: Int32, rank: Rank, isResumed: Bool) {
    count += 1
    if isResumed { return resumed.insert(item, key: rank) }
    if accounts[Int(account)].waiting.isEmpty {
      turns.insert(account, key: Turn(served: accounts[Int(account)].served, account: account))
    }
    accounts[Int(account)].waiting.insert(item, key: rank)
  }

  /// - Returns: whether it was there.
  @discardableResult mutating func remove(_ item: Int32, account: Int32) -> Bool {
    guard !resumed.remove(item) else {
      count -= 1
      return true
    }
    guard accounts[Int(account)].waiting.remove(item) else { return false }
    if accounts[Int(account)].waiting.isEmpty { turns.remove(account) }
    count -= 1
    return true
  }

  /// The request that ran before and is first among those.
  var firstResumed: (rank: Rank, item: Int32)? { resumed.first.map { ($0.key, $0.item) } }

  /// The request that comes first among those that have not run yet.
  mutating func firstNew() -> (rank: Rank, item: Int32)? {
    while let (turn, account) = turns.first {
      let served = accounts[Int(account)].served
      if served == turn.served { return accounts[Int(account)].waiting.first.map { ($0.key, $0.item) } }
      turns.delayFirst(to: Turn(served: served, account: account))
    }
    return nil
  }

  /// A request of the account is admitted for the first time: those of tenants who come later start from here.
  mutating func tookTurn(_ account: Int32) { floor = max(floor, accounts[Int(account)].served) }

  /// All waiting requests, in no order; for checks.
  var items: [Int32] { resumed.items + accounts.flatMap { $0.waiting.items } }
}
