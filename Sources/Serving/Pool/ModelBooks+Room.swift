/// Who goes for whom.
extension ModelBooks {
  /// Gives memory to models that hope for some, in the order in which their requests came. To be called after whatever
  /// changes the books, and when a model has nothing to do any more.
  ///
  /// Others go for the first one only, so that it is not overtaken again and again; what is free, whoever comes may have.
  mutating func makeRoom(_ idleSince: (Int) -> ContinuousClock.Instant?) -> [Action] {
    let hoping = books.indices.filter { books[$0].isHoping }
      .sorted { (books[$0].waiters.first ?? 0) < (books[$1].waiters.first ?? 0) }
    var actions: [Action] = []
    var isFirst = true
    for model in hoping {
      guard let victims = victims(for: model, idleSince), isFirst || victims.isEmpty else {
        isFirst = false
        continue
      }
      books[model].isHoping = false
      books[model].isWanted = true
      queue.append(model)
      for victim in victims { books[victim].presence = .unloading }
      actions += victims.map(Action.unload)
    }
    return actions + startLoading()
  }

  /// The models that have to go for another one; nil where that is not enough.
  private func victims(for model: Int, _ idleSince: (Int) -> ContinuousClock.Instant?) -> [Int]? {
    var missing = claimed + books[model].entry.need - limit
    guard missing > 0 else { return [] }
    let idle = books.indices.compactMap { index in self.idleSince(index, idleSince).map { (index, $0) } }
    var victims: [Int] = []
    for (index, _) in idle.sorted(by: { ($0.1, $0.0) < ($1.1, $1.0) }) {
      victims.append(index)
      missing -= books[index].entry.need
      if missing <= 0 { return victims }
    }
    return nil
  }

  /// Since when a model could have been unloaded; nil while it cannot be.
  func idleSince(
    _ model: Int, _ idleSince: (Int) -> ContinuousClock.Instant?
  ) -> ContinuousClock.Instant? {
    let book = books[model]
    guard book.presence == .ready, !book.entry.isPermanent, book.users == 0, let since = idleSince(model) else {
      return nil
    }
    return book.lastUse.map { max($0, since) } ?? since
  }

  /// Loads what is wanted and has room now.
  mutating func startLoading() -> [Action] {
    var actions: [Action] = []
    for model in queue where books[model].presence == .absent && occupied + books[model].entry.need <= limit {
      books[model].presence = .loading
      books[model].isWanted = false
      actions.append(.load(model))
    }
    queue.removeAll { [books] in !books[$0].isWanted }
    return actions
  }
}
