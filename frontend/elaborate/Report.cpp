//===- Report.cpp - messages of the elaborator ----------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

const Value *Frame::find(StringRef name) const {
  for (const Frame *f = this; f; f = f->up)
    if (auto value = f->values.find(name); value != f->values.end())
      return &value->second;
  return nullptr;
}

SMRange Frame::placeOf(StringRef name) const {
  for (const Frame *f = this; f; f = f->up)
    if (auto place = f->places.find(name); place != f->places.end())
      return place->second;
  return {};
}

/// Reports an error at `place`, and from where the function around it was called.
Value Elaborator::fail(SMRange place, const Twine &text, const Twine &note, const Twine &help) {
  DiagnosticBuilder builder = diagnostics.error(place, text);
  if (std::string words = note.str(); !words.empty())
    builder.note(words);
  constexpr size_t shown = 4;
  for (SMRange call : reverse(ArrayRef(calls).take_back(shown)))
    if (call.isValid())
      builder.note(call, "called from here");
  builder.help(help);
  return {};
}

std::string Elaborator::describe(const Value &value) const {
  if (!value.isRuntime())
    return value.describe();
  std::string text = toText(emitter.axesOf(value.asRuntime()));
  return text == "[]" ? "a number that is known only at run time" : text;
}

/// Where a value stands in the config, for a note; empty where it comes from elsewhere.
std::string Elaborator::entryNote(const Value &value) const {
  std::string note;
  if (checkpoint && !value.entry.empty())
    note = checkpoint->where(value.entry) + (value.is(Value::Kind::None) ? " is not there, or null"
                                                                          : " is " + value.describe());
  if (!value.missing.empty())
    note += (note.empty() ? "" : "; ") + ("the checkpoint has no tensor " + value.missing);
  return note;
}

/// Whether a known condition holds; `none` does not.
std::optional<bool> Elaborator::truth(const Value &value, SMRange place) {
  if (!value)
    return std::nullopt;
  if (value.is(Value::Kind::None))
    return false;
  if (value.isFlag())
    return value.asNumber().value != 0;
  if (value.isRuntime())
    fail(place, "this condition must be known when compiling, and depends on tokens", "",
         "choose element by element: 'where(condition, a, b)'");
  else
    fail(place, "a condition must be a flag, found " + describe(value), entryNote(value));
  return std::nullopt;
}

/// Replaces `{name}` by the value of that name.
std::string Elaborator::interpolate(StringRef text, const Frame &frame) const {
  std::string result;
  while (!text.empty()) {
    auto [before, rest] = text.split('{');
    result += before;
    if (rest.empty() || !rest.contains('}'))
      return result + (rest.empty() ? "" : "{" + rest.str());
    auto [name, after] = rest.split('}');
    const Value *value = frame.find(name);
    if (!value)
      result += ("{" + name + "}").str();
    else
      result += value->is(Value::Kind::Text) ? value->asText().str() : value->describe();
    text = after;
  }
  return result;
}
