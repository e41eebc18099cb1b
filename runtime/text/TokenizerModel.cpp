//===- TokenizerModel.cpp - a tokenizer as bytes ----------------------------===//
//
// The format: the magic "HTOK", a version, then the fields in the order of `visit` below. Numbers are little
// endian, 32 bits; enumerators and flags one byte; strings and lists stand behind their length. Writing and
// reading go through one description of the fields, so that they cannot differ.
//
//===----------------------------------------------------------------------===//

#include "runtime/text/TokenizerModel.h"
#include "runtime/support/Error.h"

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

static_assert(std::endian::native == std::endian::little, "programs hold little endian numbers");

namespace heddle {

void StringTable::add(std::string_view text) {
  if (text.size() > std::numeric_limits<uint32_t>::max() - bytes.size())
    throw Error("the vocabulary's strings pass 4 GiB");
  bytes += text;
  ends.push_back(uint32_t(bytes.size()));
}

void StringTable::reserve(size_t count, size_t totalBytes) {
  ends.reserve(count);
  bytes.reserve(totalBytes);
}

namespace {

constexpr std::string_view magic = "HTOK";
constexpr uint32_t version = 4;
constexpr size_t maxVocabulary = size_t(1) << 24;

/// Appends fields to a string.
class Writer {
public:
  static constexpr bool reading = false;
  std::string bytes;

  void raw(const void *data, size_t size) { bytes.append(static_cast<const char *>(data), size); }

  void number(const uint32_t &value) { raw(&value, sizeof value); }

  template <typename Enum> void choice(const Enum &value, Enum last) {
    uint8_t byte = uint8_t(value);
    raw(&byte, 1);
  }

  void text(const std::string &value) {
    length(value.size());
    raw(value.data(), value.size());
  }

  template <typename T> void numbers(const std::vector<T> &values) {
    static_assert(std::is_trivially_copyable_v<T>);
    length(values.size());
    raw(values.data(), values.size() * sizeof(T));
  }

  template <typename T, typename Visit> void list(const std::vector<T> &values, Visit visit) {
    length(values.size());
    for (const T &value : values)
      visit(value);
  }

private:
  void length(size_t size) {
    if (size > std::numeric_limits<uint32_t>::max())
      throw Error("a part of the tokenizer passes 4 GiB");
    number(uint32_t(size));
  }
};

/// Takes fields off bytes that nobody vouches for.
class Reader {
public:
  static constexpr bool reading = true;
  explicit Reader(std::span<const uint8_t> bytes) : rest(bytes), total(bytes.size()) {}

  bool done() const { return rest.empty(); }

  [[noreturn]] void fail(std::string_view what) const {
    throw Error("the program's tokenizer is damaged: " + std::string(what) + " at byte " +
                std::to_string(total - rest.size()));
  }

  void raw(void *data, size_t size) {
    if (size > rest.size())
      fail("it ends early");
    if (size != 0)
      std::memcpy(data, rest.data(), size);
    rest = rest.subspan(size);
  }

  void number(uint32_t &value) { raw(&value, sizeof value); }

  template <typename Enum> void choice(Enum &value, Enum last) {
    uint8_t byte;
    raw(&byte, 1);
    if (byte > uint8_t(last))
      fail("unknown choice " + std::to_string(byte));
    value = Enum(byte);
  }

  void text(std::string &value) {
    value.resize(length(1));
    raw(value.data(), value.size());
  }

  template <typename T> void numbers(std::vector<T> &values) {
    values.resize(length(sizeof(T)));
    raw(values.data(), values.size() * sizeof(T));
  }

  template <typename T, typename Visit> void list(std::vector<T> &values, Visit visit) {
    size_t count = length(1);
    values.clear();
    for (size_t i = 0; i < count; ++i)
      visit(values.emplace_back());
  }

private:
  /// A count of things that take at least `unit` bytes each: so many must still be there.
  size_t length(size_t unit) {
    uint32_t count;
    number(count);
    if (count > rest.size() / unit)
      fail("a length of " + std::to_string(count) + " passes the end");
    return count;
  }

  std::span<const uint8_t> rest;
  size_t total;
};

template <typename Archive, typename Flag> void flag(Archive &archive, Flag &value) {
  archive.choice(value, true);
}

template <typename Archive, typename Id> void optionalId(Archive &archive, Id &id) {
  uint32_t value = id ? *id : std::numeric_limits<uint32_t>::max();
  archive.number(value);
  if constexpr (Archive::reading)
    id = value == std::numeric_limits<uint32_t>::max() ? std::nullopt : std::optional(value);
}

/// The fields in their order. `Model` is const when writing.
template <typename Archive, typename Model> void visit(Archive &archive, Model &model) {
  archive.choice(model.kind, TokenizerKind::Unigram);
  archive.text(model.vocabulary.bytes);
  archive.numbers(model.vocabulary.ends);
  archive.numbers(model.merges);
  archive.numbers(model.scores);
  archive.text(model.subwordPrefix);
  archive.text(model.wordSuffix);
  archive.number(model.maxWordCharacters);
  flag(archive, model.ignoreMerges);
  flag(archive, model.byteFallback);
  flag(archive, model.fuseUnknown);
  archive.list(model.addedTokens, [&](auto &token) {
    archive.number(token.id);
    archive.text(token.content);
    flag(archive, token.special);
    flag(archive, token.lstrip);
    flag(archive, token.rstrip);
    flag(archive, token.singleWord);
    flag(archive, token.normalized);
  });
  archive.list(model.normalizers, [&](auto &step) {
    archive.choice(step.kind, Normalizer::Kind::Precompiled);
    archive.text(step.pattern);
    archive.text(step.content);
    flag(archive, step.left);
    flag(archive, step.right);
  });
  archive.list(model.preTokenizer, [&](auto &step) {
    archive.choice(step.kind, PreTokenizerStep::Kind::Metaspace);
    archive.text(step.pattern);
    archive.choice(step.behavior, SplitBehavior::Contiguous);
    archive.choice(step.prepend, PrependScheme::Always);
    flag(archive, step.invert);
    flag(archive, step.individual);
    flag(archive, step.addPrefixSpace);
    flag(archive, step.useRegex);
    flag(archive, step.split);
  });
  archive.list(model.decoder, [&](auto &step) {
    archive.choice(step.kind, DecoderStep::Kind::WordSuffix);
    archive.text(step.pattern);
    archive.text(step.content);
    archive.choice(step.prepend, PrependScheme::Always);
    archive.number(step.start);
    archive.number(step.stop);
  });
  archive.numbers(model.prefix);
  archive.numbers(model.suffix);
  optionalId(archive, model.bos);
  optionalId(archive, model.eos);
  optionalId(archive, model.unknown);
  optionalId(archive, model.pad);
  archive.numbers(model.endIds);
  archive.text(model.chatTemplate);
}

} // namespace

void validate(const TokenizerModel &model) {
  size_t size = model.vocabulary.size();
  if (size == 0 || size > maxVocabulary)
    throw Error("tokenizer: a vocabulary of " + std::to_string(size) + " tokens, expected 1 to " +
                std::to_string(maxVocabulary));
  uint32_t last = 0;
  for (uint32_t end : model.vocabulary.ends) {
    if (end < last || end > model.vocabulary.bytes.size())
      throw Error("tokenizer: the vocabulary's offsets are not in order");
    last = end;
  }
  auto check = [&](uint32_t id, std::string_view what) {
    if (id >= size)
      throw Error("tokenizer: " + std::string(what) + " names token " + std::to_string(id) +
                  " of a vocabulary of " + std::to_string(size));
  };
  for (const Merge &merge : model.merges)
    for (uint32_t id : {merge.left, merge.right, merge.result})
      check(id, "a merge");
  bool scored = model.kind == TokenizerKind::ScoreBpe || model.kind == TokenizerKind::Unigram;
  if (scored && model.scores.size() != size)
    throw Error("tokenizer: " + std::to_string(model.scores.size()) + " scores for " + std::to_string(size) +
                " tokens");
  for (const AddedToken &token : model.addedTokens)
    check(token.id, "an added token");
  for (const std::vector<uint32_t> *ids : {&model.prefix, &model.suffix, &model.endIds})
    for (uint32_t id : *ids)
      check(id, "a special token");
  for (const std::optional<uint32_t> &id : {model.bos, model.eos, model.unknown, model.pad})
    if (id)
      check(*id, "a special token");
}

std::string serialize(const TokenizerModel &model) {
  validate(model);
  Writer writer;
  writer.bytes.reserve(model.vocabulary.bytes.size() + model.vocabulary.size() * 8 +
                       model.merges.size() * sizeof(Merge) + 4096);
  writer.raw(magic.data(), magic.size());
  writer.number(version);
  visit(writer, model);
  return std::move(writer.bytes);
}

TokenizerModel parseTokenizerModel(std::span<const uint8_t> bytes) {
  Reader reader(bytes);
  char found[magic.size()];
  reader.raw(found, sizeof found);
  if (std::string_view(found, sizeof found) != magic)
    reader.fail("no magic \"HTOK\"");
  uint32_t foundVersion;
  reader.number(foundVersion);
  if (foundVersion != version)
    reader.fail("version " + std::to_string(foundVersion) + ", expected " + std::to_string(version));
  TokenizerModel model;
  visit(reader, model);
  if (!reader.done())
    reader.fail("something follows its end");
  validate(model);
  return model;
}

} // namespace heddle
