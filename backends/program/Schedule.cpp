//===- Schedule.cpp - unrolls a module to steps ---------------------------===//
//
// Functions are walked in the order of execution with an environment: what each
// memref is. Invocations of a layer share its slots, which lie behind those of
// the caller.
//
//===----------------------------------------------------------------------===//

#include "backends/program/Schedule.h"
#include "runtime/program/Format.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace llvm;
using namespace heddle;

/// Layers that invoke layers, at most: a cycle ends here.
static constexpr unsigned deepestInvocation = 16;

namespace {

/// What a memref is: memory that a step is given, and what its dynamic dimensions are.
struct Memory {
  ScheduledBinding binding;
  mlir::ArrayAttr dims; // of arena and cache
};

class Unroller {
public:
  Unroller(mlir::ModuleOp module, PackPlan &plan, Schedule &schedule)
      : module(module), symbols(module), plan(plan), schedule(schedule) {}

  Error run() {
    for (KernelOp kernel : module.getOps<KernelOp>())
      if (Error error = addKernel(kernel))
        return error;
    for (EntryOp entry : module.getOps<EntryOp>())
      if (Error error = addEntry(entry))
        return error;
    return Error::success();
  }

private:
  /// A function being walked: its part of the arena, and which layer it is ("block.3."; empty in an entry).
  struct Frame {
    std::string prefix;
    uint32_t firstSlot;
    uint32_t slots = 0; // so far
    unsigned depth = 0;
    DenseMap<mlir::Value, Memory> memory;
  };

  Error addKernel(KernelOp op);
  Error addEntry(EntryOp op);
  Error addArguments(EntryOp op, Frame &frame);
  Error walk(mlir::Block &body, Frame &frame);
  Error visit(BufferOp op, Frame &frame);
  Error visit(CacheOp op, Frame &frame);
  Error visit(PackedOp op, Frame &frame);
  Error visit(LaunchOp op, Frame &frame);
  Error visit(InvokeOp op, Frame &frame);
  Error visit(TapOp op, Frame &frame);

  Error growSlot(uint32_t slot, mlir::Type type, mlir::ArrayAttr dims);
  Expected<uint64_t> packedOffset(PackedOp op, const Frame &frame);

  mlir::ModuleOp module;
  mlir::SymbolTable symbols;
  PackPlan &plan;
  Schedule &schedule;
  ScheduledEntry *entry = nullptr;
  StringMap<uint32_t> kernelNumbers, cacheNumbers;
};

} // namespace

/// An error about an op: "in 'forward.all': heddle.launch: WHAT".
static Error complain(mlir::Operation *op, const Twine &what) {
  auto function = dyn_cast<mlir::FunctionOpInterface>(op);
  if (!function)
    function = op->getParentOfType<mlir::FunctionOpInterface>();
  return createStringError((function ? "in '" + function.getName() + "': " : Twine()) +
                           op->getName().getStringRef() + ": " + what);
}

static Error complain(mlir::Operation *op, Error error) { return complain(op, toString(std::move(error))); }

//===- kernels ------------------------------------------------------------===//

/// The lines of the page that a kernel was made from.
static std::vector<std::string> linesOf(KernelOp kernel) {
  constexpr size_t most = 16;
  SetVector<std::pair<StringRef, unsigned>> lines;
  kernel->walk([&](mlir::Operation *op) {
    op->getLoc()->walk([&](mlir::Location loc) {
      if (auto place = dyn_cast<mlir::FileLineColLoc>(loc); place && lines.size() < most)
        lines.insert({place.getFilename().getValue(), place.getLine()});
      return mlir::WalkResult::advance();
    });
  });
  auto sorted = lines.takeVector();
  llvm::sort(sorted);
  std::vector<std::string> texts;
  for (auto &[file, line] : sorted)
    texts.push_back((file.rsplit('/').second.empty() ? file : file.rsplit('/').second).str() + ":" +
                    std::to_string(line));
  return texts;
}

Error Unroller::addKernel(KernelOp op) {
  auto grid = readFactors(op.getGrid());
  if (!grid)
    return complain(op, grid.takeError());
  kernelNumbers[op.getSymName()] = schedule.kernels.size();
  std::vector<uint8_t> integers;
  for (mlir::Type type : op.getBody().getArgumentTypes())
    if (auto memref = dyn_cast<mlir::MemRefType>(type))
      integers.push_back(memref.getElementType().isInteger(32));
  uint64_t windowRows = op.getWindowed().empty() ? 0 : op.getWindowRows();
  schedule.kernels.push_back(
      {op.getSymName().str(), *grid, linesOf(op), op.getSerial(), {}, integers, op.getBeyond(), windowRows});
  return Error::success();
}

//===- entries ------------------------------------------------------------===//

static format::Variant variantOf(Variant variant) {
  switch (variant) {
  case Variant::Last:
    return format::Variant::Last;
  case Variant::Decode:
    return format::Variant::Decode;
  case Variant::Any:
  case Variant::All:
    break;
  }
  return format::Variant::All;
}

Error Unroller::addEntry(EntryOp op) {
  entry = &schedule.entries.emplace_back();
  auto name = op->getAttrOfType<mlir::StringAttr>("entry");
  entry->name = (name ? name.getValue() : op.getSymName()).str();
  entry->variant = variantOf(op.getVariant());
  Frame frame;
  frame.firstSlot = op.getNumArguments();
  if (Error error = addArguments(op, frame))
    return error;
  return walk(op.getBody().front(), frame);
}

static format::ElementType elementType(mlir::MemRefType type) {
  return type.getElementType().isInteger(32) ? format::ElementType::I32 : format::ElementType::F32;
}

/// Arguments take the first slots. Inputs and outputs are values that the runtime fills and reads.
Error Unroller::addArguments(EntryOp op, Frame &frame) {
  size_t inputs = op.getInputNames().size(), outputs = op.getOutputNames().size();
  if (op.getNumArguments() < inputs + outputs || op.getExtents().size() != inputs ||
      op.getDefaults().size() != inputs)
    return complain(op,
                    "expected an argument for each input and output, an extent and a default for each input");
  for (auto [number, argument] : enumerate(op.getArguments())) {
    auto type = dyn_cast<mlir::MemRefType>(argument.getType());
    auto dims = op.getArgAttrOfType<mlir::ArrayAttr>(number, "heddle.dims");
    if (Error error = growSlot(number, argument.getType(), dims))
      return complain(op, "argument " + Twine(number) + ": " + toString(std::move(error)));
    frame.memory[argument] = {{format::Space::Arena, number, 0}, dims};
    if (number >= inputs + outputs)
      continue;
    ScheduledValue value;
    value.type = elementType(type);
    value.slot = number;
    value.axes = axesOfMemref(type, dims, op.getArgAttrOfType<mlir::ArrayAttr>(number, "heddle.axes"));
    if (number < inputs) {
      value.name = cast<mlir::StringAttr>(op.getInputNames()[number]).str();
      value.extent = op.getExtents()[number];
      if (auto otherwise = dyn_cast<mlir::IntegerAttr>(op.getDefaults()[number])) {
        value.optional = true;
        value.otherwise = static_cast<int32_t>(otherwise.getInt());
      }
      entry->inputs.push_back(value);
    } else {
      value.name = cast<mlir::StringAttr>(op.getOutputNames()[number - inputs]).str();
      entry->outputs.push_back(value);
    }
  }
  return Error::success();
}

//===- bodies -------------------------------------------------------------===//

/// The number of slots that a body's buffers have been given.
static uint32_t plannedSlots(mlir::Block &body) {
  int64_t slots = 0;
  for (BufferOp buffer : body.getOps<BufferOp>())
    slots = std::max<int64_t>(slots, buffer.getSlot() ? *buffer.getSlot() + 1 : 0);
  return static_cast<uint32_t>(slots);
}

Error Unroller::walk(mlir::Block &body, Frame &frame) {
  frame.slots = plannedSlots(body);
  // What follows may invoke layers, whose slots lie behind all of this body's.
  for (BufferOp buffer : body.getOps<BufferOp>())
    if (Error error = visit(buffer, frame))
      return error;
  for (mlir::Operation &op : body) {
    Error error =
        TypeSwitch<mlir::Operation *, Error>(&op)
            .Case<CacheOp, PackedOp, LaunchOp, InvokeOp, TapOp>([&](auto op) { return visit(op, frame); })
            .Case<BufferOp, ReturnOp>([](auto) { return Error::success(); })
            .Default([](mlir::Operation *op) { return complain(op, "it has no place in a schedule"); });
    if (error)
      return error;
  }
  return Error::success();
}

Error Unroller::growSlot(uint32_t slot, mlir::Type type, mlir::ArrayAttr dims) {
  auto memref = dyn_cast<mlir::MemRefType>(type);
  if (!memref)
    return createStringError("expected a memref");
  auto size = sizeOfMemref(memref, dims);
  if (!size)
    return size.takeError();
  if (entry->slots.size() <= slot)
    entry->slots.resize(slot + 1);
  growSize(entry->slots[slot], *size);
  return Error::success();
}

Error Unroller::visit(BufferOp op, Frame &frame) {
  uint32_t slot = op.getSlot() ? static_cast<uint32_t>(*op.getSlot()) : frame.slots++;
  slot += frame.firstSlot;
  frame.memory[op.getResult()] = {{format::Space::Arena, slot, 0}, op.getDims()};
  if (Error error = growSlot(slot, op.getType(), op.getDims()))
    return complain(op, std::move(error));
  return Error::success();
}

Error Unroller::visit(CacheOp op, Frame &frame) {
  auto size = sizeOfMemref(cast<mlir::MemRefType>(op.getType()), op.getDims());
  if (!size)
    return complain(op, size.takeError());
  std::string name = frame.prefix + op.getName().str();
  auto [known, isNew] = cacheNumbers.try_emplace(name, schedule.caches.size());
  if (isNew) // and some bytes that a vector load may read past the end
    schedule.caches.push_back({name,
                               {{bufferAlignment, {}, 1}},
                               static_cast<uint32_t>(op.getRing().value_or(0)),
                               static_cast<uint32_t>(op.getWindow().value_or(0))});
  growSize(schedule.caches[known->second].size, *size);
  frame.memory[op.getResult()] = {{format::Space::Cache, known->second, 0}, op.getDims()};
  return Error::success();
}

/// Bytes of a memref's first index, whose dimension is static.
static Expected<SizeTerms> sizeOfRow(mlir::MemRefType type, mlir::ArrayAttr dims) {
  if (type.getRank() == 0 || type.isDynamicDim(0))
    return createStringError("what has windows must have rows");
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = 1;
  return sizeOfMemref(mlir::MemRefType::get(shape, type.getElementType()), dims);
}

/// A weight of this layer, else of the model.
Expected<uint64_t> Unroller::packedOffset(PackedOp op, const Frame &frame) {
  Expected<Packing> packing = Packing::parse(op.getPacking());
  if (!packing)
    return packing.takeError();
  if (auto constant = op.getConstant())
    return plan.addConstant(op.getName(), *constant, *packing);
  auto stored = symbols.lookup<StoredOp>(frame.prefix + op.getName().str());
  if (!stored)
    stored = symbols.lookup<StoredOp>(op.getName());
  if (!stored)
    return createStringError("there is no weight '" + Twine(frame.prefix) + op.getName() + "'");
  return plan.add(stored, *packing);
}

Error Unroller::visit(PackedOp op, Frame &frame) {
  auto offset = packedOffset(op, frame);
  if (!offset)
    return complain(op, offset.takeError());
  ScheduledBinding binding = {format::Space::Weights, *offset, plan.bytesAt(*offset)};
  frame.memory[op.getResult()] = {binding, {}};
  return Error::success();
}

Error Unroller::visit(LaunchOp op, Frame &frame) {
  auto kernel = kernelNumbers.find(op.getKernel());
  if (kernel == kernelNumbers.end())
    return complain(op, "there is no kernel '" + op.getKernel() + "'");
  ScheduledStep step;
  step.kernel = kernel->second;
  uint64_t read = 0;
  ArrayRef<int64_t> windowed = symbols.lookup<KernelOp>(op.getKernel()).getWindowed();
  for (auto [number, buffer] : enumerate(op.getBuffers())) {
    auto memory = frame.memory.find(buffer);
    if (memory == frame.memory.end())
      return complain(op, "a buffer is not known here");
    step.bindings.push_back(memory->second.binding);
    if (is_contained(windowed, number)) {
      auto row = sizeOfRow(cast<mlir::MemRefType>(buffer.getType()), memory->second.dims);
      if (!row)
        return complain(op, row.takeError());
      step.bindings.back().row = std::move(*row);
    }
    if (memory->second.binding.space == format::Space::Weights)
      read += memory->second.binding.bytes;
  }
  std::vector<uint8_t> &writes = schedule.kernels[step.kernel].writes;
  writes.assign(step.bindings.size(), 0);
  for (int64_t written : op.getWrites())
    writes[written] = 1;
  append_range(step.scalars, op.getScalars());
  auto said = op->getAttrOfType<mlir::IntegerAttr>("weight_bytes");
  step.weightBytes = said ? said.getInt() : read;
  if (auto operations = op->getAttrOfType<mlir::ArrayAttr>("operations")) {
    auto factors = readFactors(operations);
    if (!factors)
      return complain(op, factors.takeError());
    append_range(step.operations, *factors);
  }
  entry->steps.push_back(std::move(step));
  return Error::success();
}

Error Unroller::visit(InvokeOp op, Frame &frame) {
  auto layer = symbols.lookup<LayerOp>(op.getLayer());
  if (!layer || layer.getNumArguments() != op.getArgs().size())
    return complain(op, "there is no layer '" + op.getLayer() + "' with these arguments");
  if (frame.depth == deepestInvocation)
    return complain(op, "layers invoke each other without end");
  Frame inner;
  inner.prefix = (layer.getKind() + "." + Twine(op.getIndex()) + ".").str();
  inner.firstSlot = frame.firstSlot + frame.slots;
  inner.depth = frame.depth + 1;
  for (auto [argument, value] : zip(layer.getArguments(), op.getArgs())) {
    auto memory = frame.memory.find(value);
    if (memory == frame.memory.end())
      return complain(op, "an argument is not known here");
    inner.memory[argument] = memory->second;
  }
  return walk(layer.getBody().front(), inner);
}

Error Unroller::visit(TapOp op, Frame &frame) {
  auto memory = frame.memory.find(op.getValue());
  auto type = dyn_cast<mlir::MemRefType>(mlir::Type(op.getValue().getType()));
  if (memory == frame.memory.end() || !type || memory->second.binding.space != format::Space::Arena)
    return complain(op, "what is tapped must lie in the arena");
  ScheduledTap tap;
  tap.after = entry->steps.size();
  tap.value.name = frame.prefix + op.getName().str();
  tap.value.type = elementType(type);
  tap.value.slot = memory->second.binding.index;
  tap.value.axes = axesOfMemref(type, memory->second.dims, op->getAttrOfType<mlir::ArrayAttr>("axes"));
  entry->taps.push_back(std::move(tap));
  return Error::success();
}

Expected<Schedule> heddle::buildSchedule(mlir::ModuleOp module, PackPlan &plan) {
  Schedule schedule;
  if (Error error = Unroller(module, plan, schedule).run())
    return error;
  return schedule;
}
