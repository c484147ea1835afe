import Foundation
import JSON
import Yams

/// Reads a whole file, or standard input for `-`.
func readInput(_ path: String) throws(CommandError) -> [UInt8] {
  do {
    if path == "-" {
      return [UInt8](try FileHandle.standardInput.readToEnd() ?? Data())
    }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  } catch {
    throw .unreadableInput(path: path, reason: error.localizedDescription)
  }
}

/// Reads a YAML file; nil if it holds nothing but comments. `failure` makes the error from what is wrong with the file.
func readYAML<Failure: Error>(_ path: String, failure: (_ reason: String) -> Failure) throws(Failure) -> Node? {
  do {
    return try Yams.compose(yaml: String(contentsOfFile: path, encoding: .utf8))
  } catch {
    throw failure(error is YamlError ? "\(error)" : error.localizedDescription)
  }
}

/// Reads a JSON object from a file, or from standard input for `-`.
func readJSONObject(_ path: String) throws(CommandError) -> JSONObject {
  let bytes = try readInput(path)
  let value: JSON
  do {
    value = try JSON(parsing: bytes)
  } catch {
    throw .unreadableInput(path: path, reason: "\(error)")
  }
  guard let object = value.objectValue else {
    throw .badInput(place: path, found: value.kindName, expected: "a JSON object")
  }
  return object
}

extension JSON {
  /// What kind of value this is, in words for error messages.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// Token ids of an array of whole numbers.
  func tokenIDs(at place: String, vocabularySize: Int) throws(CommandError) -> [Int32] {
    guard let array = arrayValue else {
      throw .badInput(place: place, found: kindName, expected: "an array of token ids")
    }
    var ids: [Int32] = []
    ids.reserveCapacity(array.count)
    for (index, element) in array.enumerated() {
      guard case .integer(let id) = element else {
        throw .badInput(place: "\(place)[\(index)]", found: element.kindName, expected: "a token id")
      }
      guard id >= 0, id < vocabularySize else {
        throw .unknownToken(id: id, vocabularySize: vocabularySize, place: "\(place)[\(index)]")
      }
      ids.append(Int32(id))
    }
    return ids
  }
}

/// Calls `body` with every line of standard input (without its newline) and writes what it appends to
/// `output`; both are buffered, so that millions of short lines cost no system call each.
func mapStandardInputLines(
  _ body: (_ number: Int, _ line: ArraySlice<UInt8>, _ output: inout [UInt8]) throws -> Void
) throws {
  let blockSize = 1 << 20
  let input = FileHandle.standardInput
  var pending: [UInt8] = []
  var output: [UInt8] = []
  var number = 0
  while true {
    let block = try input.read(upToCount: blockSize) ?? Data()
    pending.append(contentsOf: block)
    var start = 0
    while let end = pending[start...].firstIndex(of: UInt8(ascii: "\n")) {
      number += 1
      try body(number, pending[start..<end], &output)
      start = end + 1
    }
    pending.removeSubrange(..<start)
    if block.isEmpty {
      if !pending.isEmpty { try body(number + 1, pending[...], &output) }
      try FileHandle.standardOutput.write(contentsOf: output)
      return
    }
    if output.count >= blockSize {
      try FileHandle.standardOutput.write(contentsOf: output)
      output.removeAll(keepingCapacity: true)
    }
  }
}
