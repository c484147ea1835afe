/// Where a model is in its life.
public enum ModelState: String, Sendable, CaseIterable {
  /// Nothing of it is in memory, and there may be no room for it.
  case unloaded
  /// It is read, or waits until those are gone that make room for it.
  case loading
  /// It serves.
  case loaded
  /// It is let go of; what was cached of it is written to files first.
  case unloading
}

/// Why there is no model for a request.
public enum ModelRefusal: Error, Sendable, Equatable {
  /// The server is stopping.
  case draining
  /// Whoever asked does not wait any more.
  case cancelled
  /// As many requests wait for the model to be loaded as may.
  case queueFull(model: String, limit: Int)
  /// The request has waited as long as it may, and the model is still being loaded.
  case late(model: String)
  /// Others, which are in use, hold the memory it needs, and the request has waited for it as long as it may, or as many
  /// others do as may; sizes are in bytes.
  case noRoom(model: String, needed: Int, limit: Int, holders: [Holder])
  /// It could not be loaded; `reason` is for the server's owner, `file` the name of the file at fault, if one is. In
  /// `retryAfter` seconds it may be tried again.
  case failed(model: String, file: String?, reason: String, retryAfter: Double)

  /// A model that holds memory.
  public struct Holder: Sendable, Equatable {
    /// The model.
    public let model: String
    /// What it holds, or is about to.
    public let bytes: Int
  }
}

extension ModelRefusal {
  /// What is counted of them: those that the server's owner can do something about.
  public enum Kind: String, Sendable, CaseIterable {
    /// Too many wait.
    case queueFull = "queue_full"
    /// Loading takes too long.
    case late
    /// Others hold the memory.
    case noRoom = "no_room"
    /// Loading fails.
    case failed
  }

  /// What it counts as; nil where the server stops, or the client has gone.
  var kind: Kind? {
    switch self {
    case .draining, .cancelled: nil
    case .queueFull: .queueFull
    case .late: .late
    case .noRoom: .noRoom
    case .failed: .failed
    }
  }
}

extension ModelRefusal: CustomStringConvertible {
  /// One sentence for the client; nothing in it is known to the server's owner alone.
  public var description: String {
    switch self {
    case .draining: "The server is shutting down."
    case .cancelled: "The request is cancelled."
    case .queueFull(let model, let limit):
      "\(limit) requests wait for the model '\(model)' to be loaded. Please retry later."
    case .late(let model): "The model '\(model)' is still being loaded. Please retry later."
    case .noRoom(let model, let needed, let limit, let holders):
      "The model '\(model)' needs \(mebibytes(needed)) of the \(mebibytes(limit)) that models may take, and others are "
        + "in use: " + holders.map { "'\($0.model)' with \(mebibytes($0.bytes))" }.joined(separator: ", ")
        + ". Please retry later."
    case .failed(let model, let file, _, _):
      "The model '\(model)' could not be loaded\(file.map { " from '\($0)'" } ?? ""); the server's log says why."
    }
  }
}

/// A size for people.
func mebibytes(_ bytes: Int) -> String {
  let tenths = Int((Double(bytes) * 10 / 1_048_576).rounded())
  return "\(tenths / 10).\(tenths % 10) MiB"
}
