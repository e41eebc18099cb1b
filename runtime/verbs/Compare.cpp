//===- Compare.cpp - the verb `compare`: where a model leaves its reference ==//
//
// The tensors of an evaluation are compared with a reference's, in the order in which they are computed. The
// first that differs says which lines of the page to look at: those between it and the last that agrees.
//
//===----------------------------------------------------------------------===//

#include "runtime/support/Error.h"
#include "runtime/support/Safetensors.h"
#include "runtime/verbs/Evaluation.h"
#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>

namespace heddle {

namespace {

class MemoryStore : public EvalStore {
public:
  explicit MemoryStore(const std::vector<EvalTensor> &tensors) {
    for (const EvalTensor &tensor : tensors) {
      uint64_t count = 1;
      for (uint64_t extent : tensor.shape)
        count = checkedProduct(count, extent);
      tensor.integers ? ids[tensor.name].resize(count) : numbers[tensor.name].resize(count);
    }
  }

  std::span<float> floats(const std::string &name) override { return numbers.at(name); }
  std::span<int64_t> integers(const std::string &name) override { return ids.at(name); }

private:
  std::map<std::string, std::vector<float>> numbers;
  std::map<std::string, std::vector<int64_t>> ids;
};

/// How far a tensor is from the reference's.
struct Distance {
  double largest = 0;    ///< difference; infinite where one of the two is not a number
  double reach = 0;      ///< the reference's largest finite absolute value
  uint64_t at = 0;       ///< the element that differs most
  std::string what = {}; ///< "0.44, expected 0.41"

  bool beyond(double tolerance) const { return largest > tolerance * reach; }
};

class Comparison {
public:
  Comparison(Model &model, const std::string &path, double tolerance)
      : model(model), path(path), tolerance(tolerance), golden(path),
        batch(EvalBatch::read(golden, furtherInputs(model.description()))),
        evaluation(model, batch, newTokens(), /*taps=*/true), store(evaluation.tensors()) {}

  /// Prints a line for each tensor. Throws Error about the first that differs.
  void run() {
    std::vector<const EvalTensor *> shared;
    for (const EvalTensor &tensor : evaluation.tensors())
      if (golden.tensors().count(tensor.name))
        shared.push_back(&tensor);
    if (shared.empty())
      throw Error(nothingShared());
    for (const EvalTensor *tensor : shared)
      checkShape(*tensor);
    noteUnused();
    evaluation.run(store);
    size_t width = 0;
    for (const EvalTensor *tensor : shared)
      width = std::max(width, tensor->name.size());
    std::string first;
    for (const EvalTensor *tensor : shared) {
      Distance distance = distanceOf(*tensor);
      bool differs = distance.beyond(tolerance);
      print(fmt::format("{:<{}}  off by {:<8.2g} of values to {:<8.3g}{}\n", tensor->name, width,
                        distance.largest, distance.reach, differs ? "  differs" : ""));
      if (differs && first.empty())
        first = describe(*tensor, distance);
    }
    if (!first.empty())
      throw Error(first);
    print(fmt::format("all {} agree to {:g} of their largest value\n", shared.size(), tolerance));
  }

private:
  /// As many tokens as the reference has chosen, where it has.
  std::optional<uint64_t> newTokens() const {
    auto ids = golden.tensors().find("greedy_ids");
    Abilities abilities = abilitiesOf(model.description());
    if (ids == golden.tensors().end() || ids->second.shape.size() != 2 || !abilities.generates)
      return std::nullopt;
    uint64_t given = abilities.encodes ? 1 : batch.tokens.columns;
    uint64_t all = ids->second.shape[1];
    return all > given ? std::optional(all - given) : std::nullopt;
  }

  std::string nothingShared() const {
    std::vector<std::string> ours, theirs;
    for (const EvalTensor &tensor : evaluation.tensors())
      ours.push_back(tensor.name);
    for (const auto &[name, entry] : golden.tensors())
      theirs.push_back(name);
    return fmt::format("'{}' has nothing to compare: it holds {}; the model gives {}", path,
                       fmt::join(theirs, ", "), fmt::join(ours, ", "));
  }

  void checkShape(const EvalTensor &tensor) const {
    const std::vector<uint64_t> &shape = golden.tensors().at(tensor.name).shape;
    if (shape != tensor.shape)
      throw Error(fmt::format("'{}' has '{}' as [{}], the model gives [{}], that is [{}{}]", path, tensor.name,
                              fmt::join(shape, ", "), fmt::join(tensor.shape, ", "),
                              tensor.batched ? "rows, " : "", fmt::join(tensor.axes, ", ")));
  }

  /// Says what of the reference is neither an input nor something that the model gives.
  void noteUnused() const {
    std::set<std::string> used = {"input_ids", "attention_mask", "decoder_input_ids"};
    for (const auto &[name, table] : batch.more)
      used.insert(name);
    for (const EvalTensor &tensor : evaluation.tensors())
      used.insert(tensor.name);
    std::vector<std::string> unused;
    for (const auto &[name, entry] : golden.tensors())
      if (!used.count(name))
        unused.push_back(name);
    if (!unused.empty())
      note(fmt::format("not compared: {}", fmt::join(unused, ", ")));
  }

  /// Whether an element stands at a padded position, which is not computed.
  bool isPadding(const EvalTensor &tensor, uint64_t element, uint64_t count) const {
    if (!tensor.columns || !batch.mask)
      return false;
    uint64_t columns = batch.mask->columns, rows = tensor.batched ? batch.mask->rows : 1;
    return batch.mask->ids[element / (count / (rows * columns))] == 0;
  }

  Distance distanceOf(const EvalTensor &tensor) {
    Distance distance;
    if (tensor.integers) {
      std::vector<int64_t> expected = golden.integers(tensor.name);
      measure<int64_t>(tensor, store.integers(tensor.name), expected, distance);
    } else {
      std::vector<float> expected = golden.floats(tensor.name);
      measure<float>(tensor, store.floats(tensor.name), expected, distance);
    }
    return distance;
  }

  template <typename T>
  void measure(const EvalTensor &tensor, std::span<const T> found, std::span<const T> expected,
               Distance &distance) const {
    for (uint64_t i = 0; i < found.size(); ++i) {
      if (isPadding(tensor, i, found.size()))
        continue;
      double a = static_cast<double>(found[i]), b = static_cast<double>(expected[i]);
      double apart = a == b || (std::isnan(a) && std::isnan(b)) ? 0 : std::abs(a - b);
      if (std::isfinite(b))
        distance.reach = std::max(distance.reach, std::abs(b));
      if (apart <= distance.largest)
        continue;
      distance.largest = std::isnan(apart) ? INFINITY : apart;
      distance.at = i;
      distance.what = fmt::format("{}, expected {}", found[i], expected[i]);
    }
  }

  std::string describe(const EvalTensor &tensor, const Distance &distance) const {
    std::vector<uint64_t> place(tensor.shape.size());
    uint64_t rest = distance.at;
    for (size_t i = place.size(); i-- > 0; rest /= tensor.shape[i])
      place[i] = rest % tensor.shape[i];
    std::string text =
        fmt::format("'{}' is the first that differs: by {:.3g}, where values reach {:.3g}; at "
                    "[{}] it is {}",
                    tensor.name, distance.largest, distance.reach, fmt::join(place, ", "), distance.what);
    if (std::string lines = linesOf(tensor); !lines.empty())
      text += "; it is made by " + lines;
    return text;
  }

  /// The lines of the page between the tap before and this one: "llama.heddle:17-20,23".
  std::string linesOf(const EvalTensor &tensor) const {
    std::map<std::string, std::set<unsigned>> files;
    for (uint32_t step = tensor.firstStep; tensor.entry && step < tensor.lastStep; ++step)
      if (const auto *reads =
              model.description().kernels()->Get(tensor.entry->steps()->Get(step)->kernel())->reads())
        for (const flatbuffers::String *place : *reads) {
          std::string_view text = place->string_view();
          size_t colon = text.rfind(':');
          unsigned line = 0;
          if (colon != text.npos &&
              std::from_chars(text.data() + colon + 1, text.data() + text.size(), line).ec == std::errc())
            files[std::string(text.substr(0, colon))].insert(line);
        }
    std::vector<std::string> texts;
    for (const auto &[file, lines] : files)
      texts.push_back(fmt::format("{}:{}", file, ranges(lines)));
    return fmt::format("{}", fmt::join(texts, " "));
  }

  /// "17-20,23"
  static std::string ranges(const std::set<unsigned> &lines) {
    std::vector<std::string> texts;
    for (auto line = lines.begin(); line != lines.end();) {
      unsigned begin = *line, end = begin;
      while (++line != lines.end() && *line == end + 1)
        ++end;
      texts.push_back(begin == end ? std::to_string(begin) : fmt::format("{}-{}", begin, end));
    }
    return fmt::format("{}", fmt::join(texts, ","));
  }

  Model &model;
  std::string path;
  double tolerance;
  SafetensorsReader golden;
  EvalBatch batch;
  Evaluation evaluation;
  MemoryStore store;
};

} // namespace

void compareVerb(const Invocation &call) {
  std::string golden;
  float tolerance = 5e-5f;
  MachineOptions machine;
  CommandLine line(call.name,
                   "Compares hidden states and outputs with a reference's, and names the first that "
                   "differs. Leaves with 1 where one does.");
  line.option("GOLDEN", golden,
              "safetensors with input_ids [B, T] and what goes with it (see eval), and float32 tensors under "
              "eval's names: hidden_0, ... [T, d] of row 0, logits [B, T, vocab], greedy_ids")
      .require("GOLDEN");
  line.option("--tolerance", tolerance, 0.0f, 1.0f,
              "differences allowed, as a part of the largest value of each tensor");
  machine.declare(line);
  if (!line.parse(call.arguments))
    return;
  std::unique_ptr<Model> model = machine.load(call.image);
  Comparison(*model, golden, static_cast<double>(tolerance)).run();
}

} // namespace heddle
