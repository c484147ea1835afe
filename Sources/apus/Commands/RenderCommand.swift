import ArgumentParser
import ChatTemplate
import Foundation
import JSON
import ModelFiles

/// `apus render`: a conversation through a chat template.
struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Render a conversation with a chat template, exactly as the model would see it.",
    discussion: """
      Input: {"messages":[…],"tools":[…],"add_generation_prompt":true,"enable_thinking":true,…}

      Every top-level key is a variable of the template; bos_token and eos_token come from the model where the
      input does not give them. The text is written as it is, without a newline at its end.
      """)

  @OptionGroup var model: ModelOption

  @Option(help: "A Jinja template file to use instead of the model's.")
  var template: String?

  @Option(help: "A JSON file, or - for standard input.")
  var input: String

  func run() throws {
    let request = try readJSONObject(input)
    guard let messages = request["messages"], messages.arrayValue != nil else {
      throw CommandError.badInput(
        place: "messages", found: request["messages"]?.kindName ?? "nothing", expected: "an array of messages")
    }
    var variables = ChatTemplate.conversationDefaults
    let source: String
    if let template {
      source = String(decoding: try readInput(template), as: UTF8.self)
    } else {
      let folder = try model.folder()
      guard let own = folder.chatTemplate else {
        throw CommandError.badInput(
          place: folder.path, found: "no chat template", expected: "chat_template.jinja, or use --template FILE")
      }
      source = own
      variables["bos_token"] = folder.specialTokens.bos.map(JSON.string)
      variables["eos_token"] = folder.specialTokens.eos.map(JSON.string)
    }
    for (key, value) in request { variables[key] = value }
    let text = try ChatTemplate(source: source).render(variables, now: Date())
    FileHandle.standardOutput.write(Data(text.utf8))
  }
}
