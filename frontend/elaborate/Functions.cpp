//===- Functions.cpp - calls of functions ---------------------------------===//
//
// A function of known values is evaluated. One that yields run-time values becomes a func.func, shared by all calls with
// the same known arguments, axes and types; a pass inlines it. What belongs to a layer or the page (keep, layers,
// weights of the page) cannot stand in a function of its own, so a function with such is traced where it is called.
//
//===----------------------------------------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "frontend/language/Print.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/raw_ostream.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// What calls with one key give: for each result a known value, an argument, or a result of the func.func.
struct Elaborator::TracedFunction {
  struct Part {
    Value known;          ///< or, for a run-time value, its facts
    int argument = -1;    ///< number among the run-time arguments
    int result = -1;      ///< number among the func.func's results
  };
  bool isList = false;
  bool inlined = false;
  std::vector<Part> parts;
  mlir::func::FuncOp op;
};

Elaborator::~Elaborator() = default;

const ast::FnDecl *Elaborator::findFunction(StringRef name) const {
  if (const ast::FnDecl *fn = modelFunctions.lookup(name))
    return fn;
  return libraryFunctions.lookup(name);
}

/// Gives the bracket's axes to the function's names: all of them to a single one.
bool Elaborator::bindBracket(const ast::FnDecl &fn, ArrayRef<AxisList> groups, Frame &frame, SMRange place) {
  if (fn.axes.size() == 1 && !groups.empty()) {
    AxisList &all = frame.axes[fn.axes[0].text];
    for (const AxisList &group : groups)
      all.append(group.begin(), group.end());
    return true;
  }
  if (fn.axes.size() != groups.size()) {
    fail(place, "'" + fn.name.text + "' takes " + Twine(fn.axes.size()) + " axes in brackets, found " +
                    Twine(groups.size()));
    return false;
  }
  for (auto [name, group] : zip(fn.axes, groups))
    frame.axes[name.text] = group;
  return true;
}

/// Functions inside of functions; more is a function that calls itself.
static constexpr size_t deepestCall = 64;

Value Elaborator::call(const ast::FnDecl &fn, ArrayRef<AxisList> groups, std::vector<Value> arguments,
                       SMRange place) {
  bool ofModel = modelFunctions.lookup(fn.name.text) == &fn;
  Frame frame(ofModel ? &root : &libraryRoot);
  if (!bindBracket(fn, groups, frame, place))
    return {};
  if (arguments.size() > fn.params.size())
    return fail(place, "'" + fn.name.text + "' takes " + Twine(fn.params.size()) + " arguments, found " +
                           Twine(arguments.size()));
  if (calls.size() >= deepestCall)
    return fail(place, "functions call each other too deeply here; does '" + fn.name.text + "' call itself?");
  std::string key;
  raw_string_ostream os(key);
  os << (const void *)&fn;
  for (const AxisList &group : groups)
    os << toText(group);
  for (auto [i, param] : enumerate(fn.params)) {
    Value value = i < arguments.size() ? arguments[i] : Value();
    if (i >= arguments.size()) {
      if (!param.fallback)
        return fail(place, "'" + fn.name.text + "' needs the argument '" + param.name.text + "'");
      value = eval(*param.fallback, frame);
      if (!value)
        return {};
    }
    os << ';';
    if (value.isRuntime()) {
      const RuntimeFacts &facts = value.facts;
      os << value.asRuntime().getType() << facts.lengthNumber << facts.regime << facts.condition << facts.isLength
         << facts.positionOffset.value_or(INT64_MIN);
    } else {
      os << value.fingerprint();
    }
    frame.values[param.name.text] = value;
  }
  SaveAndRestore<const ast::Expr *> direct(directValue, nullptr);
  SaveAndRestore<StringRef> target(directTarget, "");
  SaveAndRestore texts(tensorTexts, false);
  return body ? traceFunction(fn, frame, key, place) : runFunction(fn, frame, place);
}

/// Runs the body where we are.
Value Elaborator::runFunction(const ast::FnDecl &fn, Frame &frame, SMRange place) {
  calls.push_back(place);
  Value result;
  Flow flow = run(fn.body.stmts, frame, result);
  if (flow == Flow::Next)
    fail(fn.name.range, "'" + fn.name.text + "' returns nothing on this path");
  calls.pop_back();
  return flow == Flow::Returned ? result : Value();
}

/// Run-time values of a result, which may be a list.
static ArrayRef<Value> resultsIn(const Value &result) {
  return result.is(Value::Kind::List) ? result.asList() : ArrayRef(result);
}

Value Elaborator::traceFunction(const ast::FnDecl &fn, Frame &frame, StringRef key, SMRange place) {
  mlir::OpBuilder &builder = emitter.builder;
  SmallVector<mlir::Value> arguments;
  for (const ast::Param &param : fn.params)
    if (const Value &value = frame.values[param.name.text]; value.isRuntime())
      arguments.push_back(value.asRuntime());

  std::shared_ptr<TracedFunction> &traced = functions[key.str()];
  if (!traced) {
    mlir::OpBuilder::InsertionGuard guard(builder);
    auto inputs = mlir::ValueRange(arguments).getTypes();
    auto made = mlir::func::FuncOp::create(emitter.at(fn.name.range.Start), fn.name.text,
                                           mlir::FunctionType::get(&context, inputs, {}));
    mlir::Block *block = made.addEntryBlock();
    Frame inner = frame;
    unsigned next = 0;
    for (const ast::Param &param : fn.params)
      if (Value &value = inner.values[param.name.text]; value.isRuntime()) {
        mlir::BlockArgument argument = block->getArgument(next++);
        argument.setLoc(emitter.named(param.name.text, param.name.range.Start));
        value = Value::runtime(argument, value.facts);
      }
    Body own(Body::Kind::Function, block);
    builder.setInsertionPointToEnd(block);
    Value result;
    {
      SaveAndRestore<Body *> inside(body, &own);
      result = runFunction(fn, inner, place);
    }
    if (!result && !own.mustInline) {
      functions.erase(key.str());
      made.erase();
      return {};
    }
    auto entry = std::make_shared<TracedFunction>();
    entry->inlined = own.mustInline;
    SmallVector<mlir::Value> results;
    if (!own.mustInline) {
      entry->isList = result.is(Value::Kind::List);
      for (const Value &part : resultsIn(result)) {
        TracedFunction::Part out{part};
        if (part.isRuntime()) {
          auto argument = dyn_cast<mlir::BlockArgument>(part.asRuntime());
          if (argument) {
            out.argument = argument.getArgNumber();
          } else {
            out.result = results.size();
            results.push_back(part.asRuntime());
          }
        }
        entry->parts.push_back(std::move(out));
      }
    }
    if (results.empty()) {
      made.erase();
    } else {
      builder.setInsertionPointToEnd(block);
      mlir::func::ReturnOp::create(builder, emitter.at(fn.name.range.Start), results);
      made.setFunctionType(mlir::FunctionType::get(&context, inputs, mlir::ValueRange(results).getTypes()));
      made.setSymName(uniqueSymbol(fn.name.text));
      made.setPrivate();
      module->push_back(made);
      entry->op = made;
    }
    functions[key.str()] = std::move(entry);
  }
  TracedFunction &callee = *functions[key.str()];
  if (callee.inlined)
    return runFunction(fn, frame, place);

  mlir::func::CallOp called;
  if (callee.op)
    called = mlir::func::CallOp::create(builder, emitter.at(place.Start), callee.op, arguments);
  std::vector<Value> values;
  for (const TracedFunction::Part &part : callee.parts) {
    if (part.argument >= 0)
      values.push_back(Value::runtime(arguments[part.argument], part.known.facts));
    else if (part.result >= 0)
      values.push_back(Value::runtime(called.getResult(part.result), part.known.facts));
    else
      values.push_back(part.known);
  }
  return callee.isList ? Value::list(std::move(values)) : values.front();
}
