//===- Bench.cpp - the verb `bench`: how fast is it? ----------------------===//
//
// Prefill: a prompt of made-up tokens is fed, with logits for its last token. Decode: tokens are fed one by
// one behind it. One round beforehand brings the weights into memory and is not counted.
//
//===----------------------------------------------------------------------===//

#include "runtime/engine/Memory.h"
#include "runtime/verbs/Options.h"
#include "runtime/verbs/Profile.h"
#include "runtime/verbs/Verbs.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace heddle {

namespace {

using Clock = std::chrono::steady_clock;

struct Rates {
  uint64_t tokens = 0;
  std::vector<double> perSecond; ///< one a round

  void add(Clock::time_point start) {
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    perSecond.push_back(static_cast<double>(tokens) / std::max(seconds, 1e-9));
  }
  double median() const {
    std::vector<double> sorted = perSecond;
    std::sort(sorted.begin(), sorted.end());
    size_t middle = sorted.size() / 2;
    return sorted.size() % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
  std::string line(std::string_view name) const {
    auto [least, most] = std::minmax_element(perSecond.begin(), perSecond.end());
    return fmt::format("{:8} {:5} tokens: {:9.1f} {:9.1f} {:9.1f} tokens/s (minimum, median, maximum)\n",
                       name, tokens, *least, median(), *most);
  }
};

/// Tokens without meaning, the same each time.
std::vector<int32_t> madeUpTokens(uint64_t count, uint64_t vocabulary) {
  std::vector<int32_t> tokens(count);
  uint64_t state = 1;
  for (int32_t &token : tokens) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    token = static_cast<int32_t>((state >> 33) % std::max<uint64_t>(vocabulary, 1));
  }
  return tokens;
}

/// How many tokens the model knows: the bound of its input.
uint64_t inputExtent(const format::Program &program) {
  for (const format::Entry *entry : *program.entries())
    if (entry->inputs())
      for (const format::Value *input : *entry->inputs())
        if (input->type() == format::ElementType::I32 && input->extent() > 0)
          return std::min<uint64_t>(input->extent(), INT32_MAX);
  return 1;
}

uint64_t weightBytes(const format::Entry *entry) {
  uint64_t bytes = 0;
  if (entry)
    for (const format::Step *step : *entry->steps())
      bytes += step->weight_bytes();
  return bytes;
}

class Bench {
public:
  Bench(Model &model, uint64_t promptTokens, uint64_t newTokens, std::optional<uint64_t> context)
      : model(model), program(model.description()), abilities(abilitiesOf(program)),
        prefill{promptTokens, {}}, decode{abilities.generates ? newTokens : 0, {}},
        session(model.program(), model.machine(), context.value_or(neededContext())) {
    prompt = madeUpTokens(prefill.tokens, inputExtent(program));
    answer = madeUpTokens(decode.tokens, inputExtent(program));
  }

  void round(bool counted) {
    Clock::time_point start = Clock::now();
    session.rewind(0);
    if (abilities.encodes)
      session.encode(prompt);
    else if (abilities.generates)
      session.feed(prompt);
    else
      session.evaluate(prompt, {}, [](const Rows &) {});
    if (counted)
      prefill.add(start);
    start = Clock::now();
    for (uint64_t i = 0; i < decode.tokens; ++i)
      session.feedForCandidates(std::span<const int32_t>(answer).subspan(i, 1));
    if (counted && decode.tokens > 0)
      decode.add(start);
  }

  std::string text() const {
    std::string where = onProcessor() ? fmt::format("cpu, {} threads, kernels for '{}'", model.threads(),
                                                    model.program().cpu())
                                      : fmt::format("vulkan, '{}'", session.getMachine().name());
    std::string out = fmt::format("{} on {}\n", program.model()->string_view(), where);
    out += prefill.line("prefill");
    if (!decode.perSecond.empty()) {
      out += decode.line("decode");
      uint64_t bytes = bytesPerToken();
      out += fmt::format("weights read for a token: {}, {:.2f} GB/s\n", readableBytes(bytes),
                         static_cast<double>(bytes) * decode.median() / 1e9);
    }
    if (!onProcessor())
      out += fmt::format("device memory: {}\n", readableBytes(session.getMachine().deviceBytes()));
    return out + fmt::format("memory at most: {}\n", readableBytes(peakResident()));
  }

  std::string json() const {
    nlohmann::ordered_json root;
    root["model"] = program.model()->str();
    root["target"] = onProcessor() ? "cpu" : "vulkan";
    if (onProcessor())
      root["cpu"] = model.program().cpu();
    else
      root["device"] = session.getMachine().name();
    root["threads"] = model.threads();
    root["prefill"] = {{"tokens", prefill.tokens}, {"tps", prefill.perSecond}};
    root["decode"] = {
        {"tokens", decode.tokens}, {"tps", decode.perSecond}, {"bytes_per_token", bytesPerToken()}};
    if (!decode.perSecond.empty())
      root["decode"]["gb_per_second"] = static_cast<double>(bytesPerToken()) * decode.median() / 1e9;
    root["peak_rss_bytes"] = peakResident();
    if (!onProcessor())
      root["device_bytes"] = session.getMachine().deviceBytes();
    return root.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }

  Session &getSession() { return session; }

private:
  /// Tokens that `forward` gets: an encoder-decoder's prompt is not among them.
  uint64_t neededContext() const { return decode.tokens + (abilities.encodes ? 1 : prefill.tokens); }

  bool onProcessor() const { return session.getMachine().name() == "cpu"; }

  uint64_t bytesPerToken() const { return weightBytes(session.entryFor(1)); }

  Model &model;
  const format::Program &program;
  Abilities abilities;
  Rates prefill, decode;
  Session session;
  std::vector<int32_t> prompt, answer;
};

} // namespace

void benchVerb(const Invocation &call) {
  uint64_t prompt = 512, generate = 128, repeat = 5;
  std::optional<uint64_t> context;
  bool asJson = false, profile = false;
  MachineOptions machine;
  CommandLine line(call.name, "Measures speed and memory.");
  line.option("--prompt", prompt, 1, 1 << 24, "tokens of the prompt");
  line.option("--generate", generate, 0, 1 << 24, "tokens to generate behind it");
  line.option("--repeat", repeat, 1, 100000, "rounds");
  line.option("--context", context, 1, uint64_t(1) << 31, "tokens there is room for (default: those needed)");
  line.flag("--json", asJson, "print one JSON object");
  line.flag("--profile", profile, "print the time of each kernel too, to standard error with --json");
  machine.declare(line);
  if (!line.parse(call.arguments))
    return;

  std::unique_ptr<Model> model = machine.load(call.image);
  Bench bench(*model, prompt, generate, context);
  bench.round(/*counted=*/false);
  for (uint64_t i = 0; i < repeat; ++i) {
    if (errorsAreSeen())
      fmt::print(stderr, "\rround {} of {} ", i + 1, repeat);
    bench.round(/*counted=*/true);
  }
  if (errorsAreSeen())
    note("");
  print(asJson ? bench.json() : bench.text());
  if (!profile)
    return;
  // A round of its own: looking at the clock costs a little.
  bench.getSession().getExecutor().startProfile();
  bench.round(/*counted=*/false);
  std::string table = profileTable(bench.getSession().getExecutor());
  asJson ? note(table) : print(table);
}

} // namespace heddle
