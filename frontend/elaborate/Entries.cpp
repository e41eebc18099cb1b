//===- Entries.cpp - encode, forward and their like -----------------------===//

#include "frontend/elaborate/Elaborator.h"
#include "ir/Heddle.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace llvm;
using namespace heddle;
using namespace heddle::elaboration;

/// A block argument for each parameter; `of SIZE` makes it one of integers.
bool Elaborator::declareInputs(const ast::EntryDecl &entry, Frame &frame, Body &made) {
  for (const ast::Param &param : entry.params) {
    AxisList list;
    if (!param.type) {
      fail(param.range, "the input '" + param.name.text + "' needs axes", "",
           "write '" + param.name.text + ": [T] of vocab'");
      return false;
    }
    if (!resolveType(*param.type, frame, list))
      return false;
    NumberKind kind = param.of ? NumberKind::Integer : NumberKind::Real;
    mlir::Value argument = made.block->addArgument(emitter.type(list, kind),
                                                   emitter.named(param.name.text, param.name.range.Start));
    frame.values[param.name.text] = Value::runtime(argument);
  }
  return true;
}

/// The result as the outputs are declared; those that are none are left out.
bool Elaborator::returnOutputs(const ast::EntryDecl &entry, Frame &frame, const Value &result) {
  ArrayRef<Value> values = result.is(Value::Kind::List) ? result.asList() : ArrayRef(result);
  if (values.size() != entry.outputs.size()) {
    fail(entry.name.range, "'" + entry.name.text + "' has " + Twine(entry.outputs.size()) + " outputs, but returns " +
                               Twine(values.size()) + " values");
    return false;
  }
  SmallVector<mlir::Value> results;
  SmallVector<StringRef> names;
  for (auto [output, given] : zip(entry.outputs, values)) {
    Value value = given;
    if (value.is(Value::Kind::None) && output.fallback)
      value = eval(*output.fallback, frame);
    if (!value)
      return false;
    if (value.is(Value::Kind::None) && output.fallback)
      continue;
    AxisList expected;
    if (!resolveType(*output.type, frame, expected))
      return false;
    if (!value.isRuntime() && !value.isArithmetic()) {
      fail(output.range, "the output '" + output.name.text + "' must be a tensor, found " + describe(value));
      return false;
    }
    if (!checkAxes(value, expected, output.range, "the output '" + output.name.text + "'"))
      return false;
    names.push_back(output.name.text);
    results.push_back(materialize(value, output.range.Start));
  }
  ReturnOp::create(emitter.builder, emitter.at(entry.outputs.front().range.Start), results);
  auto op = cast<EntryOp>(body->block->getParentOp());
  op.setOutputNamesAttr(emitter.builder.getStrArrayAttr(names));
  op.setFunctionType(emitter.builder.getFunctionType(body->block->getArgumentTypes(),
                                                     mlir::ValueRange(results).getTypes()));
  return true;
}

bool Elaborator::traceEntry(const ast::EntryDecl &entry) {
  mlir::OpBuilder &builder = emitter.builder;
  mlir::OpBuilder::InsertionGuard guard(builder);
  mlir::OperationState state(emitter.at(entry.name.range.Start), EntryOp::getOperationName());
  mlir::Block *block = new mlir::Block();
  state.addRegion()->push_back(block);

  Frame frame(&root);
  Body own(Body::Kind::Entry, block);
  bool encodes = any_of(entries, [](const ast::EntryDecl *other) { return other->name.text == "encode"; });
  own.tapPrefix = !encodes ? "" : entry.name.text == "encode" ? "encoder_" : "decoder_";
  if (!declareInputs(entry, frame, own))
    return false;

  SmallVector<StringRef> names;
  SmallVector<int64_t> extents;
  SmallVector<mlir::Attribute> defaults;
  for (const ast::Param &param : entry.params) {
    names.push_back(param.name.text);
    const Value *extent = param.of ? frame.find(param.of->text) : nullptr;
    if (param.of && (!extent || !extent->isNumber())) {
      fail(param.of->range, "'" + param.of->text + "' is no size here");
      return false;
    }
    extents.push_back(extent ? int64_t(extent->asNumber().value) : 0);
    Value fallback = param.fallback ? eval(*param.fallback, root) : Value::none();
    if (!fallback)
      return false;
    if (param.fallback && !(fallback.isNumber() && wholeNumber(fallback.asNumber().value))) {
      fail(param.fallback->range(), "an input's default must be a whole number, found " + describe(fallback));
      return false;
    }
    defaults.push_back(param.fallback
                           ? mlir::Attribute(builder.getI64IntegerAttr(*wholeNumber(fallback.asNumber().value)))
                           : builder.getUnitAttr());
  }
  state.addAttribute("sym_name", builder.getStringAttr(uniqueSymbol(entry.name.text)));
  state.addAttribute("function_type",
                     mlir::TypeAttr::get(builder.getFunctionType(block->getArgumentTypes(), {})));
  state.addAttribute("input_names", builder.getStrArrayAttr(names));
  state.addAttribute("output_names", builder.getStrArrayAttr({}));
  state.addAttribute("extents", builder.getDenseI64ArrayAttr(extents));
  state.addAttribute("defaults", builder.getArrayAttr(defaults));
  builder.setInsertionPointToEnd(module->getBody());
  builder.create(state);
  builder.setInsertionPointToEnd(block);

  SaveAndRestore<Body *> inside(body, &own);
  Value result;
  Flow flow = run(entry.body.stmts, frame, result);
  if (flow == Flow::Next)
    fail(entry.name.range, "'" + entry.name.text + "' returns nothing");
  if (flow != Flow::Returned)
    return false;
  if (own.layersInvoked) {
    const Value *hidden = frame.find("hidden");
    mlir::Value last = hidden && hidden->isRuntime() ? hidden->asRuntime() : own.afterLayers;
    // Where it is made: what follows is no part of it.
    mlir::OpBuilder::InsertionGuard here(builder);
    builder.setInsertionPointAfterValue(last);
    emitter.tap(last, own.tapPrefix + "hidden_" + std::to_string(own.layersInvoked), last.getLoc());
  }
  return returnOutputs(entry, frame, result);
}
