//===- Session.cpp - one sequence of tokens -------------------------------===//

#include "runtime/engine/Session.h"

#include "runtime/engine/Layout.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace heddle {

using format::Variant;

/// More tokens than any machine has room for; keeps sums of positions small.
static constexpr uint64_t longestContext = uint64_t(1) << 31;
static constexpr uint64_t usualContext = 4096;

static const format::Entry *entryOf(const format::Program &program, std::string_view name, Variant variant) {
  for (const format::Entry *entry : *program.entries())
    if (entry->name()->string_view() == name && entry->variant() == variant)
      return entry;
  return nullptr;
}

static const format::Value *findValue(const flatbuffers::Vector<flatbuffers::Offset<format::Value>> *values,
                                      std::string_view name) {
  if (values)
    for (const format::Value *value : *values)
      if (value->name()->string_view() == name)
        return value;
  return nullptr;
}

/// The output that generation reads: the logits, else the first.
static const format::Value &logitsOf(const format::Entry &entry) {
  const format::Value *logits = findValue(entry.outputs(), "logits");
  return logits ? *logits : *entry.outputs()->Get(0);
}

Abilities abilitiesOf(const format::Program &program) {
  Abilities abilities;
  for (const format::Entry *entry : *program.entries()) {
    abilities.encodes |= entry->name()->string_view() == "encode";
    abilities.generates |= entry->name()->string_view() == "forward" &&
                           findValue(entry->outputs(), "logits") && Program::usesCaches(*entry);
  }
  return abilities;
}

uint64_t defaultContext(const format::Program &program, uint64_t wanted) {
  uint64_t trained = program.context();
  if (trained != 0 && wanted > trained && program.bounded())
    throw Error(
        fmt::format("the text has {} tokens, the model can take {} at most: shorten it", wanted, trained));
  uint64_t usual = trained == 0 ? usualContext : std::min(trained, usualContext);
  return std::max(usual, wanted);
}

static uint64_t checkContext(const format::Program &program, uint64_t context) {
  if (context == 0 || context > longestContext)
    throw Error(fmt::format("a context of {} tokens: it must be between 1 and {}", context, longestContext));
  if (program.bounded() && program.context() != 0 && context > program.context())
    throw Error(fmt::format("a context of {} tokens, but the model can take {} at most: lower --context",
                            context, program.context()));
  return context;
}

Session::Session(const Program &program, Machine &machine, uint64_t context)
    : program(program), machine(&machine), limit(checkContext(program.description(), context)),
      capacity(roundUp(limit, program.description().cache_multiple())) {
  findEntries();
  const format::Entry *some = all ? all : last ? last : decode;
  if (!some)
    throw Error("this program has no entry 'forward'");
  if (some->inputs())
    for (const format::Value *input : *some->inputs()) {
      if (tokenInput.empty() && input->type() == format::ElementType::I32)
        tokenInput = input->name()->string_view();
      if (encoder && findValue(encoder->outputs(), input->name()->string_view()))
        memories.push_back({input->name()->string_view(), {}});
    }
  if (tokenInput.empty())
    throw Error("the entry 'forward' has no input of tokens");
  history.reserve(std::min<uint64_t>(limit, 1 << 20));
  makeExecutor();
}

void Session::findEntries() {
  const format::Program &plan = machine->planOf(program);
  all = entryOf(plan, "forward", Variant::All);
  last = entryOf(plan, "forward", Variant::Last);
  decode = entryOf(plan, "forward", Variant::Decode);
  encoder = entryOf(plan, "encode", Variant::All);
  ringRoom = UINT64_MAX;
  if (plan.caches())
    for (const format::Cache *cache : *plan.caches())
      if (cache->ring() != 0)
        ringRoom = std::min<uint64_t>(ringRoom, cache->ring() - cache->window() + 1);
}

void Session::chooseChunks() {
  uint64_t second = std::max<uint64_t>(memoryLength, 1), arena = machine->largestArena();
  allChunk = all ? std::min(chooseChunk(*all, capacity, second, arena), ringRoom) : 0;
  lastChunk = last ? std::min(chooseChunk(*last, capacity, second, arena), ringRoom) : 0;
}

void Session::makeExecutor() {
  for (executor.reset(); !executor;)
    try {
      chooseChunks();
      executor = machine->makeExecutor(program, capacity, estimateArena());
    } catch (const DeviceError &error) {
      changeMachine(error);
    }
}

/// Goes on with the machine's successor; throws `error` again where there is none.
void Session::changeMachine(const DeviceError &error) {
  Machine *next = machine->successor ? machine->successor(error) : nullptr;
  if (!next)
    throw DeviceError(error);
  machine = next;
  findEntries();
}

/// Bytes of the largest arena that pieces of the usual length need.
uint64_t Session::estimateArena() const {
  uint64_t bytes = 0;
  for (const format::Entry *entry : {all, last, decode})
    if (entry && isDivisible(*entry)) {
      CallSizes sizes;
      sizes.tokens() = static_cast<int64_t>(entry == all ? allChunk : entry == last ? lastChunk : 1);
      sizes.sequence() = sizes.capacity() = static_cast<int64_t>(capacity);
      bytes = std::max(bytes, layOutArena(*entry, sizes).bytes);
    }
  return bytes;
}

void Session::rewind(uint64_t position) {
  history.resize(std::min<uint64_t>(position, history.size()));
  computed = std::min<uint64_t>(computed, history.size());
  if (!remembers(computed))
    computed = 0;
}

/// Whether the caches still hold what the token at `position` sees: a ring has its latest positions only.
bool Session::remembers(uint64_t position) const {
  const auto *caches = machine->planOf(program).caches();
  return !caches || std::ranges::all_of(*caches, [&](const format::Cache *cache) {
    return cache->ring() == 0 || written <= cache->ring() ||
           position + cache->ring() + 1 >= written + cache->window();
  });
}

bool Session::hasInput(std::string_view name) const {
  for (const format::Entry *entry : {all, last, decode})
    if (entry && findValue(entry->inputs(), name))
      return true;
  return false;
}

const format::Entry *Session::entryFor(uint64_t count) const {
  if (count == 1 && decode)
    return decode;
  return last ? last : all;
}

size_t Session::regimeOf(uint64_t length) const {
  const auto *regimes = program.description().regimes();
  return regimes ? static_cast<size_t>(std::upper_bound(regimes->begin(), regimes->end(), length) -
                                       regimes->begin())
                 : 0;
}

/// How many tokens the next call takes on the way to `target` tokens. All calls must see the regime of the
/// target: the first one is as long as that takes.
uint64_t Session::pieceOf(const format::Entry &entry, uint64_t target) const {
  uint64_t left = target - computed;
  if (!isDivisible(entry))
    return left;
  uint64_t chunk = entry.variant() == Variant::Decode ? 1 : &entry == all ? allChunk : lastChunk;
  uint64_t count = std::min(left, chunk);
  if (regimeOf(computed + count) != cacheRegime)
    count = program.description().regimes()->Get(static_cast<uint32_t>(cacheRegime - 1)) - computed;
  return count;
}

/// Hands the rows of a value to the sink: of the tap `name`, or of an output if that is empty.
static void deliver(const format::Value &value, std::string_view tap, std::span<const float> data,
                    const CallSizes &sizes, const RowSink &sink) {
  std::string_view name = tap.empty() ? value.name()->string_view() : tap;
  Rows rows{name, !tap.empty(), true,  static_cast<uint64_t>(sizes.sequence() - sizes.tokens()),
            0,    data,         value, sizes};
  if (hasAxis(value, format::Param::T)) {
    rows.length = rowOf(value, format::Param::T, sizes);
  } else if (hasAxis(value, format::Param::U) && sizes.second() == sizes.tokens()) {
    rows.length = rowOf(value, format::Param::U, sizes);
  } else {
    rows.perToken = false;
    rows.first = 0;
    rows.length = data.size();
  }
  sink(rows);
}

void Session::step(const format::Entry &entry, uint64_t count, std::span<const Input> extra,
                   const RowSink *sink, bool taps) {
  CallSizes sizes, most;
  sizes.tokens() = static_cast<int64_t>(count);
  sizes.sequence() = static_cast<int64_t>(computed + count);
  sizes.second() = static_cast<int64_t>(memories.empty() ? count : memoryLength);
  most = sizes;
  if (isDivisible(entry)) {
    uint64_t chunk = &entry == all ? allChunk : &entry == last ? lastChunk : 1;
    most.tokens() = static_cast<int64_t>(std::max(count, chunk));
    most.sequence() = static_cast<int64_t>(capacity);
    most.second() = memories.empty() ? most.tokens() : sizes.second();
  }

  std::vector<Input> inputs{Input(tokenInput, std::span<const int32_t>(history).subspan(computed, count))};
  for (const Memory &memory : memories)
    inputs.emplace_back(memory.name, std::span<const float>(memory.values));
  for (const Input &input : extra) {
    inputs.push_back(input);
    inputs.back().data = static_cast<const uint8_t *>(input.data) + computed * sizeof(float);
    inputs.back().count = count;
  }
  Executor::TapSink tapSink = [&](const format::Tap &tap, std::span<const float> values) {
    deliver(*tap.value(), tap.name()->string_view(), values, sizes, *sink);
  };
  executor->run(entry, sizes, most, inputs, sink && taps ? &tapSink : nullptr, wanted);
  latest = &entry;
  if (sink)
    for (const format::Value *output : *entry.outputs())
      deliver(*output, {}, executor->output(*output), sizes, *sink);
}

/// Computes what the caches do not hold yet of the first `target` tokens, with outputs for all tokens
/// (`rows`) or for the last.
void Session::advanceTo(uint64_t target, bool rows, std::span<const Input> extra, const RowSink *sink,
                        bool taps) {
  while (computed < target) {
    if (stop && stop->load(std::memory_order_relaxed))
      throw Interrupted();
    const format::Entry *entry = rows ? all : entryFor(target - computed);
    if (!entry)
      throw Error(rows ? "this program was compiled without outputs for all tokens"
                       : "this program was compiled for one token at a time only");
    if (!isDivisible(*entry))
      computed = 0;
    uint64_t count = pieceOf(*entry, target);
    if (count > ringRoom)
      throw Error("the program's description is damaged: its caches forget what this call still sees");
    written = std::max(computed == 0 ? 0 : written, computed + count);
    step(*entry, count, extra, sink, taps);
    computed += count;
  }
}

/// The same for all tokens, if need be with another machine, which computes in silence what had been
/// delivered.
void Session::advance(bool rows, std::span<const Input> extra, const RowSink *sink, bool taps) {
  if (computed > 0 && cacheRegime != regimeOf(history.size()))
    computed = 0;
  cacheRegime = regimeOf(history.size());
  try {
    advanceTo(history.size(), rows, extra, sink, taps);
  } catch (const DeviceError &error) {
    changeMachine(error);
    makeExecutor();
    uint64_t delivered = std::exchange(computed, 0);
    advanceTo(delivered, rows, extra, nullptr, false);
    advance(rows, extra, sink, taps);
  }
}

void Session::feedAll(std::span<const int32_t> tokens, bool rows, std::span<const Input> extra,
                      const RowSink *sink, bool taps) {
  if (tokens.empty())
    throw Error("there are no tokens: the text is empty");
  if (tokens.size() > limit - history.size())
    throw Error(fmt::format("the text has {} tokens, but the context has room for {}: {}",
                            history.size() + tokens.size(), limit,
                            program.description().bounded() && limit == program.description().context()
                                ? "it is all the model can do, shorten the text"
                                : fmt::format("try --context {}", history.size() + tokens.size())));
  if (!memories.empty() && memoryLength == 0)
    throw Error("this model needs a text to start from");
  uint64_t before = history.size();
  history.insert(history.end(), tokens.begin(), tokens.end());
  try {
    advance(rows, extra, sink, taps);
  } catch (...) {
    rewind(before);
    throw;
  }
}

std::span<const float> Session::feed(std::span<const int32_t> tokens) {
  wanted = Executor::Wanted::Values;
  feedAll(tokens, /*rows=*/false, {}, nullptr, false);
  return logits();
}

void Session::feedForCandidates(std::span<const int32_t> tokens) {
  wanted = Executor::Wanted::Candidates;
  feedAll(tokens, /*rows=*/false, {}, nullptr, false);
}

uint64_t Session::candidateCount() const {
  const format::Value *best = decode ? findValue(decode->outputs(), "logits.best") : nullptr;
  return best ? rowOf(*best, format::Param::T, CallSizes()) : 0;
}

std::optional<Candidates> Session::candidates() {
  const format::Value *best = findValue(latest->outputs(), "logits.best");
  const format::Value *where = findValue(latest->outputs(), "logits.where");
  if (!best || !where)
    return std::nullopt;
  std::span<const float> logits = read(*best), tokens = read(*where);
  return Candidates{logits, {reinterpret_cast<const int32_t *>(tokens.data()), tokens.size()}};
}

/// An output of the last call; if need be computed again, with another machine.
std::span<const float> Session::read(const format::Value &value) {
  try {
    return executor->output(value);
  } catch (const DeviceError &error) {
    changeMachine(error);
    makeExecutor();
    computed = 0;
    advance(/*rows=*/false, {}, nullptr, false);
  }
  const format::Value *again = findValue(latest->outputs(), value.name()->string_view());
  if (!again)
    throw Error(fmt::format("'{}' was lost with the device", value.name()->string_view()));
  return executor->output(*again);
}

std::span<const float> Session::logits() {
  const format::Value &logits = logitsOf(*latest);
  std::span<const float> values = read(logits);
  CallSizes one;
  one.second() = static_cast<int64_t>(memoryLength);
  uint64_t row = std::min<uint64_t>(rowOf(logits, format::Param::T, one), values.size());
  return values.last(row);
}

void Session::evaluate(std::span<const int32_t> tokens, std::span<const Input> extra, const RowSink &sink,
                       bool taps) {
  for (const Input &input : extra)
    if (input.count != tokens.size())
      throw Error(fmt::format("input '{}' has {} elements, expected one for each of {} tokens", input.name,
                              input.count, tokens.size()));
  rewind(0);
  feedAll(tokens, /*rows=*/true, extra, &sink, taps);
}

void Session::encode(std::span<const int32_t> source, const RowSink *sink, bool taps) {
  if (!encoder)
    throw Error("this program has no entry 'encode'");
  if (source.empty())
    throw Error("there are no tokens: the text is empty");
  if (program.description().bounded() && source.size() > program.description().context())
    throw Error(fmt::format("the text has {} tokens, the model can take {} at most: shorten it",
                            source.size(), program.description().context()));
  if (source.size() > longestContext)
    throw Error(
        fmt::format("the text has {} tokens: it must have {} at most", source.size(), longestContext));
  rewind(0);
  memoryLength = 0;
  CallSizes sizes;
  sizes.tokens() = sizes.sequence() = sizes.second() = static_cast<int64_t>(source.size());
  std::string_view name;
  if (encoder->inputs())
    for (const format::Value *input : *encoder->inputs())
      if (name.empty() && input->type() == format::ElementType::I32)
        name = input->name()->string_view();
  Input input(name, source);
  Executor::TapSink tapSink = [&](const format::Tap &tap, std::span<const float> values) {
    deliver(*tap.value(), tap.name()->string_view(), values, sizes, *sink);
  };
  try {
    executor->run(*encoder, sizes, sizes, std::span(&input, 1), sink && taps ? &tapSink : nullptr);
  } catch (const DeviceError &error) {
    changeMachine(error);
    makeExecutor();
    return encode(source, sink, taps);
  }
  for (const format::Value *output : *encoder->outputs()) {
    std::span<const float> values = executor->output(*output);
    std::string_view made = output->name()->string_view();
    for (Memory &memory : memories)
      if (memory.name == made)
        memory.values.assign(values.begin(), values.end());
    if (sink && !Program::isInternal(*output))
      deliver(*output, {}, values, sizes, *sink);
  }
  memoryLength = source.size();
  chooseChunks();
}

} // namespace heddle
