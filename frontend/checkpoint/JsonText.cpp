//===- JsonText.cpp - JSON from strangers ---------------------------------===//
#include "frontend/checkpoint/JsonText.h"
#include "frontend/checkpoint/ReadError.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"
#include <vector>

using namespace llvm;
using namespace heddle;

namespace {
/// Walks the brackets and strings of a text that need not be valid JSON: what is
/// wrong beyond nesting and duplicates is left to the parser.
class Prescan {
public:
  Prescan(StringRef text, StringRef file, StringRef where) : text(text), file(file), where(where) {}

  Error run() {
    while (at < text.size()) {
      char c = text[at];
      if (c == '"') {
        if (Error error = string())
          return error;
        continue;
      }
      if (c == '{' || c == '[') {
        if (open.size() == deepest)
          return readError(file, place(at), "at most " + Twine(deepest) + " levels of brackets", "one more");
        open.emplace_back();
      } else if ((c == '}' || c == ']') && !open.empty()) {
        open.pop_back();
      }
      ++at;
    }
    return Error::success();
  }

private:
  static constexpr size_t deepest = 64;

  std::string place(size_t byte) const {
    return ((where.empty() ? Twine() : where + ": ") + "byte " + Twine(byte)).str();
  }

  /// Steps over a string, and notes it in the innermost object if it is a key.
  Error string() {
    size_t begin = at++;
    while (at < text.size() && text[at] != '"')
      at += text[at] == '\\' ? 2 : 1;
    at = std::min(at + 1, text.size());
    size_t next = text.find_first_not_of(" \t\r\n", at);
    if (next == StringRef::npos || text[next] != ':' || open.empty())
      return Error::success();
    std::string key = unescaped(text.slice(begin, at));
    if (!open.back().insert(key).second)
      return readError(file, place(begin), "each key once", "key '" + key + "' again",
                       "remove one of the two: it is not known which is meant");
    return Error::success();
  }

  /// The string that the literal `quoted` means; if it is not valid, as it stands.
  static std::string unescaped(StringRef quoted) {
    if (quoted.contains('\\')) {
      Expected<json::Value> value = json::parse(quoted);
      if (value && value->kind() == json::Value::String)
        return value->getAsString()->str();
      consumeError(value.takeError());
    }
    quoted.consume_front("\"");
    quoted.consume_back("\"");
    return quoted.str();
  }

  StringRef text, file, where;
  size_t at = 0;
  std::vector<StringSet<>> open; // the keys so far of each bracket not yet closed
};
} // namespace

Expected<json::Object> heddle::parseJsonObject(StringRef text, StringRef file, StringRef where) {
  if (text.trim(" \t\r\n").empty())
    return readError(file, where, "a JSON object", "nothing", damagedRemedy);
  if (Error error = Prescan(text, file, where).run())
    return error;
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return readError(file, where, "valid JSON", "at " + toString(value.takeError()), damagedRemedy);
  if (json::Object *object = value->getAsObject())
    return std::move(*object);
  return readError(file, where, "a JSON object", jsonKind(*value));
}

StringRef heddle::jsonKind(const json::Value &value) {
  switch (value.kind()) {
  case json::Value::Null:
    return "null";
  case json::Value::Boolean:
    return "a boolean";
  case json::Value::Number:
    return "a number";
  case json::Value::String:
    return "a string";
  case json::Value::Array:
    return "a list";
  case json::Value::Object:
    return "an object";
  }
  llvm_unreachable("a JSON value is one of six kinds");
}

std::string heddle::jsonExcerpt(const json::Value &value) {
  constexpr size_t longest = 60;
  std::string text;
  raw_string_ostream(text) << value;
  if (text.size() > longest)
    text = text.substr(0, longest) + " ...";
  return text;
}
