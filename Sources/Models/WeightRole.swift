/// What a tensor is to the model, whatever its file calls it.
enum WeightRole: Sendable {
  // The whole model's.
  case embedding, finalNorm, head
  /// What each rotated pair's frequency is divided by.
  case rotaryDivisors

  // The multi-token-prediction head's, beside its layer's.
  case draftEmbeddingNorm, draftHiddenNorm, draftInput, draftNorm

  // Every layer's.
  case inputNorm, feedForwardNorm

  // Attention's.
  case query, key, value, attentionOutput
  case queryBias, keyBias, valueBias
  case queryNorm, keyNorm

  // The delta net's: queries, keys, values and gates in one matrix by key head, or the gates apart.
  case deltaInputs, deltaInputsWithoutGates, deltaGates
  case deltaStrengths, convolution, timeBias, decayRate, deltaNorm, deltaOutput

  // The feed-forward part's.
  case gate, up, down
  case router
  case expertGates, expertUps, expertDowns
  case sharedGate, sharedUp, sharedDown, sharedExpertGate

  /// Whether it is a part of the multi-token-prediction head beside its layer.
  var isDraft: Bool {
    switch self {
    case .draftEmbeddingNorm, .draftHiddenNorm, .draftInput, .draftNorm: true
    default: false
    }
  }

  /// The name in a Hugging Face folder, inside a layer where it is a layer's; `*` stands for an expert's number. Nil
  /// where such folders have no such tensor.
  var huggingFaceName: String? {
    switch self {
    case .embedding: "model.embed_tokens.weight"
    case .finalNorm: "model.norm.weight"
    case .head: "lm_head.weight"
    case .rotaryDivisors: nil
    case .draftEmbeddingNorm: "mtp.pre_fc_norm_embedding.weight"
    case .draftHiddenNorm: "mtp.pre_fc_norm_hidden.weight"
    case .draftInput: "mtp.fc.weight"
    case .draftNorm: "mtp.norm.weight"
    case .inputNorm: "input_layernorm.weight"
    case .feedForwardNorm: "post_attention_layernorm.weight"
    case .query: "self_attn.q_proj.weight"
    case .key: "self_attn.k_proj.weight"
    case .value: "self_attn.v_proj.weight"
    case .attentionOutput: "self_attn.o_proj.weight"
    case .queryBias: "self_attn.q_proj.bias"
    case .keyBias: "self_attn.k_proj.bias"
    case .valueBias: "self_attn.v_proj.bias"
    case .queryNorm: "self_attn.q_norm.weight"
    case .keyNorm: "self_attn.k_norm.weight"
    case .deltaInputs: "linear_attn.in_proj_qkvz.weight"
    case .deltaInputsWithoutGates, .deltaGates: nil
    case .deltaStrengths: "linear_attn.in_proj_ba.weight"
    case .convolution: "linear_attn.conv1d.weight"
    case .timeBias: "linear_attn.dt_bias"
    case .decayRate: "linear_attn.A_log"
    case .deltaNorm: "linear_attn.norm.weight"
    case .deltaOutput: "linear_attn.out_proj.weight"
    case .gate: "mlp.gate_proj.weight"
    case .up: "mlp.up_proj.weight"
    case .down: "mlp.down_proj.weight"
    case .router: "mlp.gate.weight"
    case .expertGates: "mlp.experts.*.gate_proj.weight"
    case .expertUps: "mlp.experts.*.up_proj.weight"
    case .expertDowns: "mlp.experts.*.down_proj.weight"
    case .sharedGate: "mlp.shared_expert.gate_proj.weight"
    case .sharedUp: "mlp.shared_expert.up_proj.weight"
    case .sharedDown: "mlp.shared_expert.down_proj.weight"
    case .sharedExpertGate: "mlp.shared_expert_gate.weight"
    }
  }

  /// The name llama.cpp gives it, inside a block where it is a layer's.
  var llamaCppName: String {
    switch self {
    case .embedding: "token_embd.weight"
    case .finalNorm: "output_norm.weight"
    case .head: "output.weight"
    case .rotaryDivisors: "rope_freqs.weight"
    case .draftEmbeddingNorm: "nextn.enorm.weight"
    case .draftHiddenNorm: "nextn.hnorm.weight"
    case .draftInput: "nextn.eh_proj.weight"
    case .draftNorm: "nextn.shared_head_norm.weight"
    case .inputNorm: "attn_norm.weight"
    case .feedForwardNorm: "ffn_norm.weight"
    case .query: "attn_q.weight"
    case .key: "attn_k.weight"
    case .value: "attn_v.weight"
    case .attentionOutput: "attn_output.weight"
    case .queryBias: "attn_q.bias"
    case .keyBias: "attn_k.bias"
    case .valueBias: "attn_v.bias"
    case .queryNorm: "attn_q_norm.weight"
    case .keyNorm: "attn_k_norm.weight"
    // The oldest files of Qwen3-Next keep the matrix in Hugging Face's order.
    case .deltaInputs: "ssm_in.weight"
    case .deltaInputsWithoutGates: "attn_qkv.weight"
    case .deltaGates: "attn_gate.weight"
    case .deltaStrengths: "ssm_ba.weight"
    case .convolution: "ssm_conv1d.weight"
    case .timeBias: "ssm_dt.bias"
    case .decayRate: "ssm_a"
    case .deltaNorm: "ssm_norm.weight"
    case .deltaOutput: "ssm_out.weight"
    case .gate: "ffn_gate.weight"
    case .up: "ffn_up.weight"
    case .down: "ffn_down.weight"
    case .router: "ffn_gate_inp.weight"
    case .expertGates: "ffn_gate_exps.weight"
    case .expertUps: "ffn_up_exps.weight"
    case .expertDowns: "ffn_down_exps.weight"
    case .sharedGate: "ffn_gate_shexp.weight"
    case .sharedUp: "ffn_up_shexp.weight"
    case .sharedDown: "ffn_down_shexp.weight"
    case .sharedExpertGate: "ffn_gate_inp_shexp.weight"
    }
  }
}
