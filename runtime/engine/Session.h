//===- Session.h - one sequence of tokens -----------------------*- C++ -*-===//
//
// Feeds tokens to a program's entries, in pieces where that can be, and remembers in the caches what was fed.
// The entries are `forward`, and `encode` where the model has a second sequence.
//
//===----------------------------------------------------------------------===//

#ifndef HEDDLE_RUNTIME_ENGINE_SESSION_H
#define HEDDLE_RUNTIME_ENGINE_SESSION_H

#include "runtime/engine/Machine.h"

#include "runtime/support/Error.h"

#include <atomic>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace heddle {

/// Rows of an output, or of a tap, that have just been computed; valid during the call that gets them.
struct Rows {
  std::string_view name;
  bool tap;                    ///< of a tap; else of an output
  bool perToken;               ///< rows belong to tokens; else there is one row for the whole sequence
  uint64_t first;              ///< the token of the first row
  uint64_t length;             ///< elements of a row
  std::span<const float> data; ///< [rows, length]
  const format::Value &value;  ///< what they are rows of
  const CallSizes &sizes;      ///< of the call that computed them
};

/// The greatest logits, in falling order, equal ones in the order of the vocabulary, and which tokens' they
/// are; valid until tokens are fed.
struct Candidates {
  std::span<const float> logits;
  std::span<const int32_t> tokens;
};

using RowSink = std::function<void(const Rows &)>;

/// Thrown out of a computation that the user has stopped.
class Interrupted : public Error {
public:
  Interrupted() : Error("interrupted") {}
};

/// What a program can do, seen from its entries.
struct Abilities {
  bool generates = false; ///< `forward` has logits for each token and remembers tokens
  bool encodes = false;   ///< there is an `encode` whose output `forward` reads
};

Abilities abilitiesOf(const format::Program &program);

/// The tokens a context has room for when nobody asked: what the model was trained for, but at most 4096
/// unless `wanted` (0: not known) is more. Throws Error where `wanted` is more than the model can do.
uint64_t defaultContext(const format::Program &program, uint64_t wanted);

class Session {
public:
  /// A session of at most `context` tokens. Throws Error when the model cannot have so many, or memory is
  /// short. Program and machine must outlive it. Where the machine fails and has a successor, that goes on
  /// with the same tokens.
  Session(const Program &program, Machine &machine, uint64_t context);

  uint64_t context() const { return limit; }

  /// Tokens fed so far.
  uint64_t position() const { return history.size(); }
  std::span<const int32_t> tokens() const { return history; }

  /// Forgets all tokens but the first `position`.
  void rewind(uint64_t position);

  /// Runs `encode` on a second sequence, which all tokens from then on see, and forgets all tokens. Rows of
  /// its outputs, and with `taps` of its taps, go to `sink` if there is one.
  void encode(std::span<const int32_t> source, const RowSink *sink = nullptr, bool taps = false);

  /// Feeds tokens (at least one) and returns the logits that follow the last: one row of the first output,
  /// valid until the next call. Throws Error when the context has no room for them or one is not in the
  /// vocabulary.
  std::span<const float> feed(std::span<const int32_t> tokens);

  /// The same for one who asks for `candidates` first and for `logits` only if these are not enough.
  void feedForCandidates(std::span<const int32_t> tokens);

  /// How many logits are singled out behind a token fed alone; 0: none.
  uint64_t candidateCount() const;

  /// The greatest of the logits that follow the last token; nothing where the program does not single them
  /// out.
  std::optional<Candidates> candidates();

  /// The logits that follow the last token.
  std::span<const float> logits();

  /// Forgets all tokens, then feeds `tokens` and hands the rows of all outputs, and with `taps` of all taps,
  /// to `sink`, in the order of the tokens. `extra`: further inputs, one element a token.
  void evaluate(std::span<const int32_t> tokens, std::span<const Input> extra, const RowSink &sink,
                bool taps = false);

  /// Computations end with Interrupted, at the next piece of the sequence, once `flag` is true. Null: never.
  /// What was fed in vain is forgotten.
  void stopOn(const std::atomic<bool> *flag) { stop = flag; }

  /// Whether `forward` has the input `name`.
  bool hasInput(std::string_view name) const;

  /// The entry that feeding `count` tokens at a time runs. Null when the program has none.
  const format::Entry *entryFor(uint64_t count) const;

  /// Where it computes now.
  const Machine &getMachine() const { return *machine; }

  Executor &getExecutor() { return *executor; }

private:
  /// An output of `encode` that `forward` takes: [U, ...].
  struct Memory {
    std::string_view name;
    std::vector<float> values;
  };

  void feedAll(std::span<const int32_t> tokens, bool rows, std::span<const Input> extra, const RowSink *sink,
               bool taps);
  void advance(bool rows, std::span<const Input> extra, const RowSink *sink, bool taps);
  void advanceTo(uint64_t target, bool rows, std::span<const Input> extra, const RowSink *sink, bool taps);
  void step(const format::Entry &entry, uint64_t count, std::span<const Input> extra, const RowSink *sink,
            bool taps);
  std::span<const float> read(const format::Value &value);
  uint64_t pieceOf(const format::Entry &entry, uint64_t target) const;
  bool remembers(uint64_t position) const;
  void findEntries();
  void chooseChunks();
  void makeExecutor();
  void changeMachine(const DeviceError &error);
  size_t regimeOf(uint64_t length) const;
  uint64_t estimateArena() const;

  const Program &program;
  Machine *machine;
  uint64_t limit;                                     ///< tokens
  uint64_t capacity;                                  ///< C
  const format::Entry *all, *last, *decode, *encoder; ///< null where there is none
  uint64_t allChunk, lastChunk;                       ///< tokens that a call of the entry takes at most
  uint64_t ringRoom;                                  ///< and that rings have room for beside their windows
  std::unique_ptr<Executor> executor;
  std::string_view tokenInput; ///< the name of forward's tokens

  std::vector<int32_t> history;          ///< all tokens
  uint64_t computed = 0;                 ///< the caches hold the first so many
  uint64_t written = 0;                  ///< since the start, rings have got positions below this
  size_t cacheRegime = 0;                ///< the regime they were computed in
  const format::Entry *latest = nullptr; ///< of forward's entries, the one that ran last
  Executor::Wanted wanted = Executor::Wanted::Values; ///< of what feeds compute
  std::vector<Memory> memories;                       ///< what `encode` makes and `forward` takes
  uint64_t memoryLength = 0;                          ///< U
  const std::atomic<bool> *stop = nullptr;
};

} // namespace heddle

#endif // HEDDLE_RUNTIME_ENGINE_SESSION_H
