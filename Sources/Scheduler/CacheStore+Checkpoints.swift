/// States frozen at positions of the tree.
extension CacheStore {
  /// Makes a slot the checkpoint after a node's first tokens.
  ///
  /// - Parameters:
  ///   - slot: taken, and not needed otherwise. If the same state is kept already, it is freed.
  ///   - page: the node with the tokens before the position; its first `offset` tokens are the last of them.
  ///   - position: tokens before the checkpoint in all.
  mutating func attach(
    _ slot: Int32, to page: Int32, position: Int, purpose: CheckpointPurpose, hash: PrefixHash
  ) {
    if let equal = checkpointAt[hash] {
      touchCheckpoint(equal)
      return giveBackSlot(slot)
    }
    let offset = (position - 1) % pageSize + 1
    checkpoints[Int(slot)] = Checkpoint(page: page, offset: offset, position: position, purpose: purpose, hash: hash)
    checkpointAt[hash] = slot
    checkpointOrder.append(slot)
    nodes[Int(page)].checkpoints.append(slot)
    let parent = Int(nodes[Int(page)].parent)
    let place = nodes[parent].childOffsets.firstIndex { $0.offset >= offset } ?? nodes[parent].childOffsets.count
    if place < nodes[parent].childOffsets.count, nodes[parent].childOffsets[place].offset == offset {
      nodes[parent].childOffsets[place].count += 1
    } else {
      nodes[parent].childOffsets.insert((offset, 1), at: place)
    }
  }

  /// Frees a checkpoint's slot, and pages that nothing can start behind any more.
  mutating func removeCheckpoint(_ slot: Int32) {
    guard let page = checkpoints[Int(slot)]?.page else { return }
    forgetCheckpoint(slot)
    prune(from: page)
  }

  /// Frees a checkpoint's slot.
  mutating func forgetCheckpoint(_ slot: Int32) {
    guard let checkpoint = checkpoints[Int(slot)] else { return }
    checkpoints[Int(slot)] = nil
    checkpointAt[checkpoint.hash] = nil
    checkpointOrder.remove(slot)
    freeSlots.append(slot)
    nodes[Int(checkpoint.page)].checkpoints.removeAll { $0 == slot }
    let parent = Int(nodes[Int(checkpoint.page)].parent)
    guard let place = nodes[parent].childOffsets.firstIndex(where: { $0.offset == checkpoint.offset }) else { return }
    nodes[parent].childOffsets[place].count -= 1
    if nodes[parent].childOffsets[place].count == 0 { nodes[parent].childOffsets.remove(at: place) }
  }

  /// The nodes have the same parent, and `other` has the page's tokens.
  mutating func moveCheckpoints(of page: Int32, to other: Int32) {
    for slot in nodes[Int(page)].checkpoints { checkpoints[Int(slot)]?.page = other }
    nodes[Int(other)].checkpoints += nodes[Int(page)].checkpoints
    nodes[Int(page)].checkpoints = []
  }

  /// Frees kept pages, from the deepest up, behind the last of which no sequence could start.
  mutating func prune(from page: Int32) {
    guard needsCheckpoints else { return }
    var page = page
    while page < references.count, references[Int(page)] == 0, nodes[Int(page)].isInTree,
      nodes[Int(page)].children.isEmpty, nodes[Int(page)].checkpoints.isEmpty
    {
      let parent = nodes[Int(page)].parent
      removeNode(page)
      page = parent
    }
  }

  /// Puts earlier checkpoints of a conversation first in the order of those to give up, now that it has left a later
  /// one: from the node up to where other prompts branch off.
  ///
  /// - Parameters:
  ///   - page: the node of the latest checkpoint, `latest`.
  ///   - position: checkpoints behind this one are of the latest turn; only spaced ones among them step back.
  mutating func supersede(from page: Int32, latest: Int32?, before position: Int) {
    var node = page
    while node < references.count, nodes[Int(node)].isInTree {
      for slot in nodes[Int(node)].checkpoints where slot != latest {
        guard let checkpoint = checkpoints[Int(slot)], !checkpoint.isSuperseded else { continue }
        let stepsBack = checkpoint.purpose == .spaced || checkpoint.purpose == .turn && checkpoint.position <= position
        guard stepsBack else { continue }
        checkpoints[Int(slot)]?.isSuperseded = true
        checkpointOrder.remove(slot)
        checkpointOrder.prepend(slot)
      }
      node = nodes[Int(node)].parent
      if nodes[Int(node)].children.count > 1 { return }
    }
  }
}
