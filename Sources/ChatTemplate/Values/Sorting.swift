extension Array {
  /// The elements in order; equal ones keep theirs. (The standard library's sort does not carry typed errors.)
  func stablySorted(by precedes: (Element, Element) throws(Fault) -> Bool) throws(Fault) -> [Element] {
    guard count > 1 else { return self }
    let middle = count / 2
    let left = try Array(self[..<middle]).stablySorted(by: precedes)
    let right = try Array(self[middle...]).stablySorted(by: precedes)
    var merged: [Element] = []
    merged.reserveCapacity(count)
    var (leftIndex, rightIndex) = (0, 0)
    while leftIndex < left.count, rightIndex < right.count {
      if try precedes(right[rightIndex], left[leftIndex]) {
        merged.append(right[rightIndex])
        rightIndex += 1
      } else {
        merged.append(left[leftIndex])
        leftIndex += 1
      }
    }
    merged += left[leftIndex...]
    merged += right[rightIndex...]
    return merged
  }
}
