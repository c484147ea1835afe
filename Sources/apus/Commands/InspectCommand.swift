import ArgumentParser
import Engine
import JSON
import ModelFiles
import Models
import Serving

/// `apus inspect`: what a model is, and what it needs.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show what a model is: architecture, layers, parameters, modes, context, memory.")

  @OptionGroup var model: ModelOption

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let folder = try model.folder()
    // Maps the weights and checks every tensor's name and shape; nothing is read yet.
    _ = try loadModel(folder)
    let need = Engine.memory(
      for: folder.configuration,
      EngineConfiguration(pageCount: 1, slotCount: 1, maximumStepTokens: 1, threads: 1))
    let summary = ModelSummary(
      of: folder, pageTokens: EngineConfiguration.pageSize, pageByteCount: need.pages, slotByteCount: need.slots)
    let modes = try folder.chatTemplate.map { try ModelModes(chatTemplate: $0).names } ?? []
    if json {
      var object = summary.json.objectValue ?? JSONObject()
      object["modes"] = .array(modes.map(JSON.string))
      print(JSON.object(object).serialized(.indented(2)))
    } else {
      print(summary.text)
      print("modes: " + (modes.isEmpty ? "none (the model has no chat template)" : modes.joined(separator: ", ")))
    }
  }
}
