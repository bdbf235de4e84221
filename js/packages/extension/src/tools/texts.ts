/** Words of the panel's “Tools” that are not in its template. */

export const TOOL_TEXTS = {
  "tools.offline": "Connect to a hub to see its functions.",
  "tools.none": "The hub has no functions that are marked as tools.",
  "tools.on": "The model is offered {0} of {1} here.",
  "tools.off":
    "Nothing is offered: turn on “Enable function calling” in SillyTavern's “AI Response Configuration”.",
  "tools.unsupported":
    "Nothing is offered: this connection takes no tools (chat completion with function calling does).",
  "tools.scope.everywhere": "Everywhere",
  "tools.scope.character": "With {0}",
  "tools.scope.chat": "In this chat",
  "tools.inherit.everywhere": "As everywhere",
  "tools.inherit.character": "As with {0}",
  "tools.choice.all": "All functions",
  "tools.choice.none": "No functions",
  "tools.choice.some": "Those ticked below",
  "tools.away": "away",
} as const;
