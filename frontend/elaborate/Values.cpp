//===- Values.cpp - what an expression is worth ---------------------------===//

#include "frontend/elaborate/Values.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

Value Value::number(Number number) {
  Value value(Kind::Number);
  value.number_ = number;
  return value;
}

Value Value::text(StringRef text) {
  Value value(Kind::Text);
  value.text_ = text.str();
  return value;
}

Value Value::list(std::vector<Value> items) {
  Value value(Kind::List);
  value.list_ = std::make_shared<const std::vector<Value>>(std::move(items));
  return value;
}

Value Value::object(const json::Object &object) {
  Value value(Kind::Object);
  value.object_ = &object;
  return value;
}

Value Value::constant(ConstantRef tensor) {
  Value value(Kind::Constant);
  value.constant_ = std::move(tensor);
  return value;
}

Value Value::stored(ViewRef view) {
  Value value(Kind::Stored);
  value.stored_ = std::move(view);
  return value;
}

Value Value::weight(const BoundWeight &weight) {
  Value value(Kind::Weight);
  value.weight_ = &weight;
  return value;
}

Value Value::runtime(mlir::Value runtime, RuntimeFacts facts) {
  Value value(Kind::Runtime);
  value.runtime_ = runtime;
  value.facts = facts;
  return value;
}

std::optional<bool> Value::equals(const Value &other) const {
  if (is(Kind::None) || other.is(Kind::None))
    return is(Kind::None) && other.is(Kind::None);
  if (kind_ != other.kind_)
    return false;
  switch (kind_) {
  case Kind::Number:
    return number_.isFlag() == other.number_.isFlag() && number_.value == other.number_.value;
  case Kind::Text:
    return text_ == other.text_;
  case Kind::List:
    return asList().size() == other.asList().size() && all_of_zip(asList(), other.asList(), [](auto &a, auto &b) {
             return a.equals(b).value_or(false);
           });
  case Kind::Object:
    return *object_ == *other.object_;
  default:
    return std::nullopt;
  }
}

static std::string numberText(Number number) {
  if (number.isFlag())
    return number.value != 0 ? "true" : "false";
  if (std::optional<int64_t> whole = wholeNumber(number.value); whole && number.value == double(*whole))
    return std::to_string(*whole);
  char text[32];
  snprintf(text, sizeof text, "%g", number.value);
  return text;
}

std::string Value::describe() const {
  switch (kind_) {
  case Kind::Failed:
    return "nothing";
  case Kind::None:
    return "none";
  case Kind::Number:
    return numberText(number_);
  case Kind::Text:
    return "the text \"" + text_ + "\"";
  case Kind::List:
    return "a list of " + std::to_string(list_->size());
  case Kind::Object:
    return "an object";
  case Kind::Constant:
    return toText(constant_->axes);
  case Kind::Stored:
    return "the stored tensor '" + stored_->name + "'";
  case Kind::Weight:
    return toText(weight_->axes);
  case Kind::Runtime: {
    std::string text;
    raw_string_ostream(text) << runtime_.getType();
    return text;
  }
  }
  llvm_unreachable("not a kind");
}

/// All bits of a number.
static void printExact(raw_ostream &os, double value) { os << format_hex(bit_cast<uint64_t>(value), 0) << ','; }

std::string Value::fingerprint() const {
  std::string text;
  raw_string_ostream os(text);
  switch (kind_) {
  case Kind::Number:
    os << int(number_.kind) << '#';
    printExact(os, number_.value);
    break;
  case Kind::Text:
    os << text_.size() << '"' << text_;
    break;
  case Kind::List:
    os << '(';
    for (const Value &item : *list_)
      os << item.fingerprint() << ',';
    os << ')';
    break;
  case Kind::Object:
    os << 'o' << (const void *)object_;
    break;
  case Kind::Constant:
    os << toText(constant_->axes);
    for (double value : constant_->values)
      printExact(os, value);
    break;
  case Kind::Stored:
    os << 's' << (const void *)stored_.get();
    break;
  case Kind::Weight:
    os << 'w' << (const void *)weight_;
    break;
  default:
    os << describe();
  }
  return text;
}

static Value plainFromJson(const json::Value &json, StringRef path) {
  switch (json.kind()) {
  case json::Value::Null:
    return Value::none();
  case json::Value::Boolean:
    return Value::flag(*json.getAsBoolean());
  case json::Value::Number:
    if (std::optional<int64_t> integer = json.getAsInteger())
      return Value::number(Number::integer(double(*integer)));
    return Value::number(Number::real(*json.getAsNumber()));
  case json::Value::String:
    return Value::text(*json.getAsString());
  case json::Value::Array: {
    std::vector<Value> items;
    for (const json::Value &item : *json.getAsArray())
      items.push_back(fromJson(item, path));
    return Value::list(std::move(items));
  }
  case json::Value::Object:
    return Value::object(*json.getAsObject());
  }
  llvm_unreachable("not a kind of JSON");
}

Value heddle::elaboration::fromJson(const json::Value &json, StringRef path) {
  Value value = plainFromJson(json, path);
  value.entry = path.str();
  return value;
}
