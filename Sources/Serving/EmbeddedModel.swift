import Foundation

/// The model that comes with the program, swiftlet: files of the Serving target's resource folder.
public enum EmbeddedModel {
  /// The name it is served under.
  public static let name = "swiftlet"

  /// Where the build puts the target's resources, beside the executable.
  private static let resourceFolder = "apus_Serving.resources"

  /// The model's folder.
  ///
  /// The resource folder is looked for beside the executable, so that both can be moved together; SwiftPM's own
  /// accessor would end the process if it were missing.
  ///
  /// - Throws: `ServingError.embeddedModelMissing` with the places that were looked at.
  public static func folder() throws(ServingError) -> String {
    var places: [URL] = [Bundle.main.bundleURL]
    if let executable = Bundle.main.executableURL {
      places.append(executable.resolvingSymlinksInPath().deletingLastPathComponent())
    }
    var searched: [String] = []
    for place in places {
      let folder = place.appendingPathComponent(resourceFolder).appendingPathComponent(name).path
      if FileManager.default.fileExists(atPath: folder) { return folder }
      if !searched.contains(folder) { searched.append(folder) }
    }
    throw .embeddedModelMissing(searched: searched)
  }
}
