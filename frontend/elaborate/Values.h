//===- Values.h - what an expression is worth -------------------*- C++ -*-===//
//
// Every value is either known when compiling or depends on tokens; a run-time value is an SSA value of the module that
// is being made. A default-constructed Value means that the reason why there is none has been reported.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_FRONTEND_ELABORATE_VALUES_H
#define HEDDLE_FRONTEND_ELABORATE_VALUES_H

#include "frontend/elaborate/WeightViews.h"
#include "llvm/Support/SMLoc.h"
#include "mlir/IR/Value.h"

namespace heddle::elaboration {

/// A weight that a page's declaration has been given: a view with the axes in the order of the declaration.
struct BoundWeight {
  std::string name; ///< of the heddle.stored, or within its layer
  ViewRef view;     ///< null: made of random numbers
  AxisList axes;
  llvm::SMRange place; ///< of the declaration
};

/// What is remembered of a run-time value beside its type.
struct RuntimeFacts {
  bool lengthNumber = false; ///< changes with the number S (or T) itself
  bool regime = false;       ///< depends on comparisons of S with constants
  bool condition = false;    ///< is such a comparison: a run-time `if` may ask for it
  bool isLength = false;     ///< is S
  std::optional<int64_t> positionOffset; ///< is position[T] plus so much

  /// What a value computed from both inherits.
  RuntimeFacts operator|(const RuntimeFacts &other) const {
    return {lengthNumber || other.lengthNumber, regime || other.regime, false, false, std::nullopt};
  }
};

class Value {
public:
  enum class Kind { Failed, None, Number, Text, List, Object, Constant, Stored, Weight, Runtime };

  Value() = default;
  static Value none() { return Value(Kind::None); }
  static Value number(Number number);
  static Value flag(bool value) { return number(Number::flag(value)); }
  static Value text(llvm::StringRef text);
  static Value list(std::vector<Value> items);
  static Value object(const llvm::json::Object &object);
  static Value constant(ConstantRef tensor);
  static Value stored(ViewRef view);
  static Value weight(const BoundWeight &weight);
  static Value runtime(mlir::Value value, RuntimeFacts facts = {});

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  /// False where an error has been reported.
  explicit operator bool() const { return kind_ != Kind::Failed; }
  bool isNumber() const { return is(Kind::Number); }
  bool isFlag() const { return isNumber() && number_.isFlag(); }
  bool isRuntime() const { return is(Kind::Runtime); }
  /// A number or a constant tensor.
  bool isArithmetic() const { return is(Kind::Number) || is(Kind::Constant); }

  Number asNumber() const { return number_; }
  llvm::StringRef asText() const { return text_; }
  llvm::ArrayRef<Value> asList() const { return *list_; }
  const llvm::json::Object &asObject() const { return *object_; }
  const ConstantRef &asConstant() const { return constant_; }
  const ViewRef &asStored() const { return stored_; }
  const BoundWeight &asWeight() const { return *weight_; }
  mlir::Value asRuntime() const { return runtime_; }
  /// For isArithmetic().
  Known known() const { return isNumber() ? Known(number_) : Known(constant_); }

  RuntimeFacts facts;
  /// Where it came from: a config entry's path; for `none` also the tensors that were looked for and not there.
  std::string entry, missing;

  /// Equality of known values as `==` means it; none where it is not a question.
  std::optional<bool> equals(const Value &other) const;
  /// "the text \"silu\"", "none", "[T, d=64]", as messages say what was found.
  std::string describe() const;
  /// A text that is equal for equal known values.
  std::string fingerprint() const;

private:
  explicit Value(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::Failed;
  Number number_;
  std::string text_;
  std::shared_ptr<const std::vector<Value>> list_;
  const llvm::json::Object *object_ = nullptr;
  ConstantRef constant_;
  ViewRef stored_;
  const BoundWeight *weight_ = nullptr;
  mlir::Value runtime_;
};

/// A config's value; objects are referred to, not copied. `path` is its place in the config.
Value fromJson(const llvm::json::Value &json, llvm::StringRef path);

} // namespace heddle::elaboration

#endif // HEDDLE_FRONTEND_ELABORATE_VALUES_H
