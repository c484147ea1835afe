/// The tree of known tokens.
extension CacheStore {
  /// Compares tokens with those of a node: how many at their beginning are equal.
  func commonCount(_ page: Int32, _ tokens: ArraySlice<Int32>) -> Int {
    let start = Int(page) * pageSize
    let limit = min(nodes[Int(page)].filled, tokens.count)
    return nodeTokens.withUnsafeBufferPointer { known in
      tokens.withUnsafeBufferPointer { tokens in
        var count = 0
        while count < limit, known[start + count] == tokens[count] { count += 1 }
        return count
      }
    }
  }

  /// Place among a node's children, in the order of tokens, of the first that does not come before `tokens`. A node that
  /// is a beginning of the tokens comes before them.
  func place(of tokens: ArraySlice<Int32>, under parent: Int32) -> Int {
    var (low, high) = (0, nodes[Int(parent)].children.count)
    while low < high {
      let middle = (low + high) / 2
      let child = nodes[Int(parent)].children[middle]
      // Mostly the first token tells, without a look at the node.
      if let wanted = tokens.first, nodeTokens[Int(child) * pageSize] != wanted {
        if nodeTokens[Int(child) * pageSize] < wanted { low = middle + 1 } else { high = middle }
        continue
      }
      let common = commonCount(child, tokens)
      let isBefore =
        common < tokens.count
        && (common == nodes[Int(child)].filled
          || nodeTokens[Int(child) * pageSize + common] < tokens[tokens.startIndex + common])
      if isBefore { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The child that has the most in common with tokens, and how much that is.
  func closestChild(of parent: Int32, to tokens: ArraySlice<Int32>) -> (page: Int32, common: Int)? {
    let children = nodes[Int(parent)].children
    let place = place(of: tokens, under: parent)
    var closest: (page: Int32, common: Int)?
    // In sorted order, nothing has more in common than a neighbour.
    for index in [place, place - 1] where children.indices.contains(index) {
      let common = commonCount(children[index], tokens)
      if common > closest?.common ?? 0 { closest = (children[index], common) }
    }
    return closest
  }

  /// The root of a namespace, made when it is needed.
  mutating func root(of namespace: CacheNamespace, for tenant: TenantID) -> Int32 {
    if let root = roots[namespace] { return root }
    let root = freeRoots.popLast() ?? Int32(nodes.count)
    if Int(root) == nodes.count { nodes.append(CacheNode()) }
    nodes[Int(root)].hash = PrefixHash(namespace)
    nodes[Int(root)].namespace = namespace
    nodes[Int(root)].tenant = tenant
    roots[namespace] = root
    return root
  }

  /// Makes a held page's computed tokens known, or more of them than were known before.
  ///
  /// - Parameters:
  ///   - page: held by one sequence, or known as a whole already.
  ///   - tokens: all that are computed in it, at least 1.
  /// - Returns: the node that has these tokens: usually the page itself, but a sibling where the same tokens were computed
  ///   twice. Then the page is in the tree no longer, and if the tokens fill it, its holder holds the sibling instead.
  mutating func insert(_ page: Int32, tokens: ArraySlice<Int32>, under parent: Int32) -> Int32 {
    if nodes[Int(page)].filled == tokens.count { return page }
    if nodes[Int(page)].isInTree { detach(page) }
    let place = place(of: tokens, under: parent)
    if nodes[Int(parent)].children.indices.contains(place) {
      let sibling = nodes[Int(parent)].children[place]
      if commonCount(sibling, tokens) == tokens.count {
        moveCheckpoints(of: page, to: sibling)
        nodes[Int(page)] = CacheNode()
        if tokens.count == pageSize {
          hold(sibling)
          letGo(page)
        }
        return sibling
      }
    }
    write(tokens, to: page)
    let hash = tokens.count == pageSize ? nodes[Int(parent)].hash?.extended(by: tokens) : nodes[Int(page)].hash
    nodes[Int(page)].join(parent, filled: tokens.count, hash: hash)
    nodes[Int(parent)].children.insert(page, at: place)
    absorb(before: place, under: parent, into: page, tokens: tokens)
    return page
  }

  private mutating func write(_ tokens: ArraySlice<Int32>, to page: Int32) {
    let start = Int(page) * pageSize
    nodeTokens.withUnsafeMutableBufferPointer { known in
      _ = UnsafeMutableBufferPointer(rebasing: known[start..<start + tokens.count]).update(fromContentsOf: tokens)
    }
  }

  /// Frees kept siblings whose tokens are a beginning of the page's; it takes their checkpoints over.
  private mutating func absorb(before place: Int, under parent: Int32, into page: Int32, tokens: ArraySlice<Int32>) {
    var place = place
    while place > 0 {
      let sibling = nodes[Int(parent)].children[place - 1]
      guard references[Int(sibling)] == 0, commonCount(sibling, tokens) == nodes[Int(sibling)].filled else { return }
      moveCheckpoints(of: sibling, to: page)
      removeNode(sibling)
      place -= 1
    }
  }

  /// Takes a page out of its place among its siblings; it keeps its checkpoints.
  private mutating func detach(_ page: Int32) {
    let parent = nodes[Int(page)].parent
    let start = Int(page) * pageSize
    let isOnly = nodes[Int(parent)].children.count == 1
    let place = isOnly ? 0 : place(of: nodeTokens[start..<start + nodes[Int(page)].filled], under: parent)
    nodes[Int(parent)].children.remove(at: place)
    nodes[Int(page)].filled = 0
  }

  /// Takes a page without children out of the tree, and frees it if nobody holds it. Its checkpoints are lost.
  mutating func removeNode(_ page: Int32) {
    for slot in nodes[Int(page)].checkpoints { forgetCheckpoint(slot) }
    let parent = nodes[Int(page)].parent
    evicted.insert(nodes[Int(page)].hash)
    detach(page)
    nodes[Int(page)] = CacheNode()
    if references[Int(page)] == 0 {
      pageOrder.remove(page)
      freePages.append(page)
    }
    if let namespace = nodes[Int(parent)].namespace, nodes[Int(parent)].children.isEmpty {
      roots[namespace] = nil
      nodes[Int(parent)] = CacheNode()
      freeRoots.append(parent)
    }
  }
}
