import CLinux
import Synchronization

/// A number that threads change together and can sleep on, in a cache line of its own.
struct FutexWord: ~Copyable, @unchecked Sendable {
  private let word: UnsafeMutablePointer<Atomic<UInt32>>

  init() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: cacheLine, alignment: cacheLine)
    word = memory.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
    word.initialize(to: Atomic(0))
  }

  deinit {
    word.deinitialize(count: 1)
    UnsafeMutableRawPointer(word).deallocate()
  }

  var value: UInt32 { word.pointee.load(ordering: .sequentiallyConsistent) }

  func set(_ value: UInt32) { word.pointee.store(value, ordering: .relaxed) }

  /// Adds and returns the sum.
  @discardableResult
  func add(_ value: UInt32) -> UInt32 {
    word.pointee.wrappingAdd(value, ordering: .sequentiallyConsistent).newValue
  }

  /// Subtracts and returns the difference.
  @discardableResult
  func subtract(_ value: UInt32) -> UInt32 {
    word.pointee.wrappingSubtract(value, ordering: .sequentiallyConsistent).newValue
  }

  /// Sleeps until the next `wake`, if the number still is `value`. May also return without any reason.
  func sleep(while value: UInt32) { futex_wait(word, value) }

  /// Wakes as many as `count` of the threads that sleep.
  func wake(_ count: Int) { futex_wake(word, Int32(clamping: count)) }
}

/// Bytes that processors exchange at once; two lines where they are fetched in pairs.
let cacheLine = 128
