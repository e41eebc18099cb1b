//===- Perplexity.cpp - the verb `perplexity` -----------------------------===//
//
// The text's tokens are cut into windows; the last one, if it is not full, is dropped. Each window is run
// alone, and every token but its first is scored by the logits behind the token before it.
//
//===----------------------------------------------------------------------===//

#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace heddle {

namespace {

/// Negative log-likelihoods of rows of logits, computed by all threads of a pool.
class Scorer {
public:
  explicit Scorer(ThreadPool &pool) : pool(pool) { pool.reserve(1, 0); }

  /// Adds up -log softmax(row)[target] for `targets.size()` rows of `length` logits.
  double score(const float *logits, uint64_t length, std::span<const int32_t> targets) {
    losses.resize(targets.size());
    void *buffers[] = {const_cast<float *>(logits), const_cast<int32_t *>(targets.data()), losses.data()};
    int64_t sizes[HEDDLE_SIZES] = {static_cast<int64_t>(length)};
    Task task;
    task.kernel = scoreRows;
    task.buffers = buffers;
    task.sizes = sizes;
    task.grid = static_cast<int64_t>(targets.size());
    pool.run(std::span(&task, 1));
    double sum = 0;
    for (double loss : losses)
      sum += loss;
    return sum;
  }

private:
  static void scoreRows(const heddle_call *call, int64_t begin, int64_t end) {
    int64_t length = call->sizes[0];
    for (int64_t i = begin; i < end; ++i) {
      const float *row = static_cast<const float *>(call->buffers[0]) + i * length;
      int32_t target = static_cast<const int32_t *>(call->buffers[1])[i];
      float largest = *std::max_element(row, row + length);
      double sum = 0;
      for (int64_t j = 0; j < length; ++j)
        sum += std::exp(row[j] - largest);
      static_cast<double *>(call->buffers[2])[i] = std::log(sum) + largest - row[target];
    }
  }

  ThreadPool &pool;
  std::vector<double> losses;
};

/// The sum over the tokens of one window but its first.
double scoreWindow(Session &session, Scorer &scorer, std::span<const int32_t> window) {
  double sum = 0;
  session.evaluate(window, {}, [&](const Rows &rows) {
    if (rows.name != "logits" || rows.length == 0)
      return;
    uint64_t count = std::min<uint64_t>(rows.data.size() / rows.length, window.size() - 1 - rows.first);
    std::span<const int32_t> targets = window.subspan(rows.first + 1, count);
    for (int32_t target : targets)
      if (static_cast<uint64_t>(target) >= rows.length)
        throw Error(fmt::format("token {} has no logit: there are {}", target, rows.length));
    sum += scorer.score(rows.data.data(), rows.length, targets);
  });
  return sum;
}

} // namespace

void perplexityVerb(const Invocation &call) {
  std::string file;
  uint64_t length = 512;
  std::optional<uint64_t> most;
  MachineOptions machine;
  CommandLine line(call.name, "Measures how well the model predicts a text.");
  line.option("FILE", file, "the text; '-': standard input").require("FILE");
  line.option("--context", length, 2, uint64_t(1) << 24, "tokens of a window");
  line.option("--windows", most, 1, UINT32_MAX, "use so many windows at most (default: all)");
  machine.declare(line);
  if (!line.parse(call.arguments))
    return;

  std::unique_ptr<Model> model = machine.load(call.image);
  if (!abilitiesOf(model->description()).generates || abilitiesOf(model->description()).encodes)
    throw Error(fmt::format("'{}' does not go on with a text: it has no perplexity",
                            model->description().model()->string_view()));
  std::vector<int32_t> tokens =
      model->tokenizer().encode(readText(file), /*addSpecial=*/false, /*parseSpecial=*/false);
  uint64_t windows = std::min<uint64_t>(tokens.size() / length, most.value_or(UINT64_MAX));
  if (windows == 0)
    throw Error(fmt::format("the text has {} tokens, a window takes {}: try a smaller --context",
                            tokens.size(), length));

  Session session(model->program(), model->machine(), length);
  Scorer scorer(model->pool());
  double sum = 0;
  for (uint64_t i = 0; i < windows; ++i) {
    sum += scoreWindow(session, scorer, std::span<const int32_t>(tokens).subspan(i * length, length));
    if (errorsAreSeen())
      fmt::print(stderr, "\rwindow {} of {}, perplexity {:.4f}", i + 1, windows,
                 std::exp(sum / static_cast<double>((i + 1) * (length - 1))));
  }
  if (errorsAreSeen())
    note("");
  uint64_t scored = windows * (length - 1);
  print(fmt::format("perplexity {:.4f}, {} tokens scored in {} windows of {}\n",
                    std::exp(sum / static_cast<double>(scored)), scored, windows, length));
}

} // namespace heddle
