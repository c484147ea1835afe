import JSON
import ModelFiles
import Tensor
import Testing

@Suite struct ModelSummaryTests {
  /// Qwen3-Next-80B-A3B by its published configuration: about 80 billion weights, 3 billion of them active.
  @Test func countsTheLargeModel() throws {
    let model = try ModelConfiguration(parsing: Array(#"{"model_type":"qwen3_next"}"#.utf8))
    let count = ParameterCount(of: model)
    // Counted by transformers 5.23.0 on the meta device.
    #expect(count.total == 79_674_391_296)
    #expect((3_000_000_000..<4_000_000_000).contains(count.active))
    // 12 layers of keys and values, 2 heads of 256, 64 tokens, F32; 36 states of 32 x 128 x 128 and 3 x 8192.
    #expect(model.keyValuePageByteCount(tokens: 64, type: .f32) == 12 * 2 * 2 * 256 * 64 * 4)
    #expect(model.stateSlotByteCount(type: .f32) == 36 * (32 * 128 * 128 + 3 * 8192) * 4)
  }

  @Test func rendersAsJSON() throws {
    let folder = try ModelPackage(path: "\(Fixtures.models)/bf16-sharded")
    let json = ModelSummary(of: folder).json
    #expect(json["architecture"] == "Qwen3NextForCausalLM")
    #expect(json["layers"] == ["total": 4, "full_attention": 1, "linear_attention": 3, "sparse": 4, "dense": 0])
    #expect(json["files"]?["count"] == 3)
    #expect(json["ignored"]?["tensors"] == 2)
    #expect(json["weights"]?[0]?["type"] == "BF16")
    #expect(json["memory"]?["page_tokens"] == 64)
    #expect(json["memory"]?["weights"]?.intValue == json["parameters"]?["total"]?.intValue.map { 2 * $0 })
  }

  @Test func rendersAsText() throws {
    let path = "\(Fixtures.models)/bf16-yarn-old-keys"
    let summary = ModelSummary(of: try ModelPackage(path: path), pageByteCount: 10 << 10, slotByteCount: 3 << 20)
    let lines = summary.text.split(separator: "\n").map(String.init)
    #expect(lines.first == "model             \(path)")
    #expect(lines.contains("architecture      Qwen3NextForCausalLM (qwen3_next)"))
    #expect(lines.contains("layers            4: 2 linear attention, 2 full attention; 4 sparse, 0 dense"))
    #expect(lines.contains("context           160 tokens, by YaRN from 40"))
    #expect(lines.contains("                  3.0 MiB of state a sequence"))
    #expect(lines.contains("                  10.0 KiB of keys and values every 64 tokens"))
    #expect(lines.contains("tokenizer         none: token ids only"))
  }
}
