/// A non-escaping closure in a form that can be written to memory, for threads that call it while its owner waits.
///
/// `withoutActuallyEscaping` allocates, and a step runs a hundred jobs. Here the closure stays where it is: Swift's
/// calling convention passes it as two words, its code and its context, and these are taken and given back by calling
/// a function under a type that names the words instead of the closure.
struct BorrowedClosure: BitwiseCopyable {
  typealias Closure = (_ tile: Int, _ worker: Int) -> Void

  /// The closure's code.
  let code: UnsafeRawPointer?
  /// What the code finds its captured values in.
  let context: UnsafeRawPointer?

  // A function as the member of a struct is not wrapped when its type is changed.
  private struct TakesClosure { let call: (Closure, UnsafeMutablePointer<BorrowedClosure>) -> Void }
  private struct TakesWords {
    let call: (UnsafeRawPointer?, UnsafeRawPointer?, UnsafeMutablePointer<BorrowedClosure>) -> Void
  }
  private struct CallsClosure { let call: (Closure, Int, Int) -> Void }
  private struct CallsWords { let call: (UnsafeRawPointer?, UnsafeRawPointer?, Int, Int) -> Void }

  /// Lends `closure` for the duration of `body`.
  static func withBorrowed(_ closure: Closure, _ body: (BorrowedClosure) -> Void) {
    let taker = TakesWords { code, context, result in result.pointee = BorrowedClosure(code: code, context: context) }
    var borrowed = BorrowedClosure(code: nil, context: nil)
    unsafeBitCast(taker, to: TakesClosure.self).call(closure, &borrowed)
    body(borrowed)
  }

  /// Calls the closure. Only while it is lent.
  func call(tile: Int, worker: Int) {
    let caller = CallsClosure { closure, tile, worker in closure(tile, worker) }
    unsafeBitCast(caller, to: CallsWords.self).call(code, context, tile, worker)
  }
}
