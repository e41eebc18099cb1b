//===- Layers.cpp - one body for each kind of layer -----------------------===//
//
// Each number of a layer is traced; bodies that print alike are one heddle.layer.
//
//===----------------------------------------------------------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "ir/Heddle.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// Gives arguments to parameters, with the axes that their types say.
bool Elaborator::bindParams(ArrayRef<ast::Param> params, ArrayRef<Value> arguments, Frame &frame, SMRange place,
                            StringRef what) {
  if (arguments.size() > params.size()) {
    fail(place, "'" + what + "' takes " + Twine(params.size()) + " arguments, found " + Twine(arguments.size()));
    return false;
  }
  for (auto [i, param] : enumerate(params)) {
    Value value = i < arguments.size() ? arguments[i] : Value();
    if (i >= arguments.size() && !param.fallback) {
      fail(place, "'" + what + "' needs the argument '" + param.name.text + "'");
      return false;
    }
    if (i >= arguments.size())
      value = eval(*param.fallback, frame);
    if (!value)
      return false;
    AxisList expected;
    if (param.type && value.isRuntime() &&
        (!resolveType(*param.type, frame, expected) ||
         !checkAxes(value, expected, place, "the argument '" + param.name.text + "' of '" + what + "'")))
      return false;
    frame.values[param.name.text] = value;
  }
  return true;
}

bool Elaborator::checkAxes(const Value &value, const AxisList &expected, SMRange place, const Twine &what) {
  if (sameSet(axesOf(value), expected))
    return true;
  fail(place, what + " must have the axes " + toText(expected) + ", found " + describe(value));
  return false;
}

Value Elaborator::invoke(const ast::LayerDecl &layer, const Value &number, std::vector<Value> arguments,
                         SMRange place) {
  if (!body)
    return fail(place, "layers are called in entries only");
  if (body->kind == Body::Kind::Function) {
    body->mustInline = true;
    return {};
  }
  if (body->kind == Body::Kind::Layer)
    return fail(place, "a layer cannot call the layer '" + layer.name.text + "'");
  std::optional<int64_t> index =
      number.isNumber() ? wholeNumber(number.asNumber().value) : std::optional<int64_t>();
  if (!index || *index < 0)
    return fail(place, "the number of a layer must be known when compiling, found " + describe(number));
  auto first = find_if(arguments, [](const Value &value) { return value.isRuntime(); });
  if (first != arguments.end())
    emitter.tap(first->asRuntime(), body->tapPrefix + "hidden_" + std::to_string(body->layersInvoked),
                emitter.at(place.Start));
  ++body->layersInvoked;
  Value result = traceLayer(layer, *index, arguments, place);
  if (result)
    body->afterLayers = result.asRuntime();
  return result;
}

/// Erases weights that nothing uses, and stores the others.
static void dropUnused(Body &made, SmallVectorImpl<const BoundWeight *> &used) {
  for (auto [value, weight] : made.ownWeights) {
    if (value.use_empty())
      value.getDefiningOp()->erase();
    else
      used.push_back(weight);
  }
}

/// The op without its places, by which equal bodies are found.
static std::string printed(mlir::Operation *op) {
  std::string text;
  raw_string_ostream os(text);
  op->print(os, mlir::OpPrintingFlags().useLocalScope().enableDebugInfo(false));
  return text;
}

static mlir::OwningOpRef<LayerOp> makeLayer(mlir::OpBuilder &builder, mlir::Location loc, StringRef kind,
                                            ArrayRef<mlir::Value> arguments) {
  mlir::OperationState state(loc, LayerOp::getOperationName());
  auto type = builder.getFunctionType(mlir::ValueRange(arguments).getTypes(), {});
  state.addAttribute("sym_name", builder.getStringAttr(kind));
  state.addAttribute("function_type", mlir::TypeAttr::get(type));
  state.addAttribute("kind", builder.getStringAttr(kind));
  mlir::Block *block = new mlir::Block();
  state.addRegion()->push_back(block);
  for (mlir::Value argument : arguments)
    block->addArgument(argument.getType(), loc);
  return cast<LayerOp>(mlir::Operation::create(state));
}

Value Elaborator::traceLayer(const ast::LayerDecl &layer, int64_t number, ArrayRef<Value> given, SMRange place) {
  StringRef kind = layer.name.text;
  Frame rows(&tableFrame);
  if (!runLayerRows(kind, number, rows))
    return {};

  SmallVector<mlir::Value> arguments;
  for (const Value &value : given)
    if (value.isRuntime())
      arguments.push_back(value.asRuntime());
  mlir::Location loc = emitter.at(layer.name.range.Start);
  mlir::OpBuilder &builder = emitter.builder;
  mlir::OwningOpRef<LayerOp> made = makeLayer(builder, loc, kind, arguments);
  mlir::Block *block = &made->getBody().front();

  Frame frame(&root);
  frame.values[layer.index.text] = Value::number(Number::integer(double(number)));
  if (!bindParams(layer.params, given, frame, place, kind))
    return {};
  unsigned next = 0;
  for (auto [param, value] : zip(layer.params, given))
    if (value.isRuntime()) {
      mlir::BlockArgument argument = block->getArgument(next++);
      argument.setLoc(emitter.named(param.name.text, param.name.range.Start));
      frame.values[param.name.text] = Value::runtime(argument, value.facts);
    }

  Body own(Body::Kind::Layer, block);
  AxisList expected;
  Value result;
  {
    mlir::OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(block);
    SaveAndRestore<Body *> inside(body, &own);
    SaveAndRestore<const Frame *> rowsInside(currentRows, &rows);
    SaveAndRestore<std::string> nameInside(currentLayer, (kind + "." + Twine(number) + ".").str());
    Flow flow = run(layer.body.stmts, frame, result);
    if (flow == Flow::Next)
      return fail(layer.name.range, "the layer '" + kind + "' returns nothing on this path");
    if (flow == Flow::Failed || !resolveType(*layer.result, frame, expected))
      return {};
    if (!result.isRuntime())
      return fail(layer.result->range, "a layer must return a tensor, found " + describe(result));
    if (!checkAxes(result, expected, layer.result->range, "the result of the layer '" + kind + "'"))
      return {};
    ReturnOp::create(builder, emitter.at(layer.result->range.Start), result.asRuntime());
  }
  SmallVector<const BoundWeight *> used;
  dropUnused(own, used);
  for (const BoundWeight *weight : used)
    if (!emitStored(weight->name, *weight))
      return {};
  made->setFunctionType(builder.getFunctionType(mlir::ValueRange(arguments).getTypes(),
                                                result.asRuntime().getType()));

  std::string &symbol = layerBodies[printed(made.get())];
  if (symbol.empty()) {
    symbol = uniqueSymbol(kind);
    made->setSymName(symbol);
    module->push_back(made.release());
  }
  auto invoked = InvokeOp::create(builder, emitter.at(place.Start), mlir::TypeRange(result.asRuntime().getType()),
                                  mlir::FlatSymbolRefAttr::get(&context, symbol), builder.getI64IntegerAttr(number),
                                  arguments);
  RuntimeFacts facts;
  for (const Value &value : given)
    facts = facts | value.facts;
  return Value::runtime(invoked.getResult(0), facts);
}
