/// Small chat templates of each kind that models have.
enum Templates {
  private static let turns =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"

  /// Knows no thoughts.
  static let plain = turns

  /// Opens a thought itself, always.
  static let alwaysThinks = turns + "<think>\n"

  /// Handles thoughts of earlier replies; the model opens its own.
  static let mentionsThinking = "{% set x = '<think>' %}" + turns

  /// Off unless switched on; opens the thought.
  static let switchable =
    turns
    + "{% if enable_thinking is defined and enable_thinking %}<think>\n{% else %}<think>\n\n</think>\n\n{% endif %}"

  /// On unless switched off; the model opens the thought.
  static let switchableOn =
    turns + "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}"
}
