//===- TemplateValue.h - the values of chat templates -----------*- C++ -*-===//
//
// Python's values as far as templates see them. Values are small and shared: copying one copies a pointer.
// Only namespaces change after they are made.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_TEXT_TEMPLATEVALUE_H
#define HEDDLE_RUNTIME_TEXT_TEMPLATEVALUE_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace heddle::template_language {

class Value;
struct Callable;

using List = std::vector<Value>;
/// A mapping in the order of insertion. Look-up is linear: templates have no way to make large ones.
using Dict = std::vector<std::pair<Value, Value>>;

/// Jinja's undefined: prints as nothing, is false and empty, and fails on any other use with this message.
struct Undefined {
  std::shared_ptr<const std::string> complaint; ///< "'x' is undefined"
};
struct None {};
struct Sequence {
  std::shared_ptr<const List> items;
  bool tuple = false;
  int depth = 1; ///< levels of lists and mappings, bounded so that nothing that walks them can run out of stack
};
struct Mapping {
  std::shared_ptr<const Dict> entries;
  int depth = 1;
};
struct Namespace {
  std::shared_ptr<Dict> entries;
};

class Value {
public:
  static constexpr int maxDepth = 200;
  using Storage = std::variant<Undefined, None, bool, int64_t, double, std::shared_ptr<const std::string>,
                               Sequence, Mapping, Namespace, std::shared_ptr<const Callable>>;

  /// None.
  Value() : storage(None{}) {}
  Value(bool flag) : storage(flag) {}
  Value(int number) : storage(int64_t(number)) {}
  Value(int64_t number) : storage(number) {}
  Value(double number) : storage(number) {}
  Value(std::string text) : storage(std::make_shared<const std::string>(std::move(text))) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(const char *text) : Value(std::string(text)) {}
  Value(Namespace space) : storage(std::move(space)) {}
  Value(std::shared_ptr<const Callable> callable) : storage(std::move(callable)) {}
  // These three throw Error when nested deeper than `maxDepth`.
  static Value list(List items);
  static Value tuple(List items);
  static Value dict(Dict entries);
  static Value undefined(std::string complaint) {
    return Value(Storage(Undefined{std::make_shared<const std::string>(std::move(complaint))}));
  }

  template <typename T> const T *as() const { return std::get_if<T>(&storage); }
  bool isUndefined() const { return as<Undefined>(); }
  bool isNone() const { return as<None>(); }
  bool isString() const { return as<std::shared_ptr<const std::string>>(); }
  bool isSequence() const { return as<Sequence>(); }
  bool isMapping() const { return as<Mapping>(); }
  /// An int or a bool, which Python counts as 0 or 1.
  bool isInteger() const { return as<int64_t>() || as<bool>(); }
  bool isNumber() const { return isInteger() || as<double>(); }

  // These four may only be called where the question above them said yes.
  const std::string &string() const { return **as<std::shared_ptr<const std::string>>(); }
  const List &items() const { return *as<Sequence>()->items; }
  const Dict &entries() const { return *as<Mapping>()->entries; }
  int64_t integer() const { return as<bool>() ? *as<bool>() : *as<int64_t>(); }
  double number() const { return as<double>() ? *as<double>() : double(integer()); }

private:
  explicit Value(Storage storage) : storage(std::move(storage)) {}
  Storage storage;
};

/// Levels of lists, mappings and what callables hold; 0 for plain values and namespaces.
int depthOf(const Value &value);

/// Python's name of the value's type as it stands in messages: "str", "dict", "int".
std::string_view typeName(const Value &value);

/// Python's bool(value).
bool truth(const Value &value);

/// Python's a == b. Comparing deeper than 200 levels throws Error.
bool equal(const Value &a, const Value &b);

/// Python's a < b, for numbers, strings and sequences of them; anything else throws Error.
bool less(const Value &a, const Value &b);

/// Looks `key` up; null if it is not there.
const Value *lookup(const Dict &entries, const Value &key);

/// Python's str(value) and repr(value); throw Error past `limit` bytes.
std::string toString(const Value &value, size_t limit);
std::string toRepr(const Value &value, size_t limit);

/// json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=sortKeys), separators as Python's defaults.
/// indent below 0: on one line. Throws Error on what JSON cannot hold, and past `limit` bytes.
struct JsonStyle {
  int indent = -1;
  bool sortKeys = false;
  bool escapeUnicode = false; ///< ensure_ascii
  std::string itemSeparator;  ///< empty: Python's default for the indent
  std::string keySeparator = ": ";
};
std::string toJson(const Value &value, const JsonStyle &style, size_t limit);

/// Reads JSON text (for tools and tests). Throws Error naming the byte.
Value parseJson(std::string_view text);

} // namespace heddle::template_language

#endif // HEDDLE_RUNTIME_TEXT_TEMPLATEVALUE_H
