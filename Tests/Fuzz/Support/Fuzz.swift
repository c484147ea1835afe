import CLibFuzzer
import Glibc

/// Hands the process over to libFuzzer, which calls `LLVMFuzzerTestOneInput` with one mutated input
/// after another and reads its options (`-runs=`, `-max_total_time=`, a corpus folder …) from the
/// command line.
public func runFuzzer() -> Never {
  var count = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  exit(LLVMFuzzerRunDriver(&count, &arguments) { LLVMFuzzerTestOneInput($0, $1) })
}
