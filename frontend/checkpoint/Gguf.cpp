//===- Gguf.cpp - the GGUF format -----------------------------------------===//
#include "frontend/checkpoint/Gguf.h"
#include "frontend/checkpoint/GgufCursor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace heddle;

static constexpr StringRef magic = "GGUF";
static constexpr uint32_t mostDimensions = 4; // of ggml
static constexpr unsigned mostDots = 16;      // bounds the nesting of the config

namespace {
/// A storage type by its number in the file.
struct GgmlType {
  uint32_t number;
  StringRef name;
  std::optional<StorageType> type; // none: known, but not supported
};
} // namespace

static constexpr GgmlType ggmlTypes[] = {
    {0, "F32", StorageType::F32},      {1, "F16", StorageType::F16},
    {2, "Q4_0", StorageType::Q4_0},    {3, "Q4_1", StorageType::Q4_1},
    {4, "Q4_2", std::nullopt},         {5, "Q4_3", std::nullopt},
    {6, "Q5_0", StorageType::Q5_0},    {7, "Q5_1", StorageType::Q5_1},
    {8, "Q8_0", StorageType::Q8_0},    {9, "Q8_1", std::nullopt},
    {10, "Q2_K", StorageType::Q2_K},        {11, "Q3_K", StorageType::Q3_K},
    {12, "Q4_K", StorageType::Q4_K},        {13, "Q5_K", StorageType::Q5_K},
    {14, "Q6_K", StorageType::Q6_K},        {15, "Q8_K", std::nullopt},
    {16, "IQ2_XXS", StorageType::IQ2_XXS},     {17, "IQ2_XS", StorageType::IQ2_XS},
    {18, "IQ3_XXS", StorageType::IQ3_XXS},     {19, "IQ1_S", StorageType::IQ1_S},
    {20, "IQ4_NL", StorageType::IQ4_NL},      {21, "IQ3_S", StorageType::IQ3_S},
    {22, "IQ2_S", StorageType::IQ2_S},       {23, "IQ4_XS", StorageType::IQ4_XS},
    {24, "I8", StorageType::I8},       {25, "I16", StorageType::I16},
    {26, "I32", StorageType::I32},     {27, "I64", StorageType::I64},
    {28, "F64", StorageType::F64},     {29, "IQ1_M", StorageType::IQ1_M},
    {30, "BF16", StorageType::BF16},   {31, "Q4_0_4_4", std::nullopt},
    {32, "Q4_0_4_8", std::nullopt},    {33, "Q4_0_8_8", std::nullopt},
    {34, "TQ1_0", StorageType::TQ1_0},       {35, "TQ2_0", StorageType::TQ2_0},
    {36, "IQ4_NL_4_4", std::nullopt},  {37, "IQ4_NL_4_8", std::nullopt},
    {38, "IQ4_NL_8_8", std::nullopt},  {39, "MXFP4", StorageType::MXFP4},
};

namespace {
/// One pass over the file: header, pairs, tensors.
class GgufReader {
public:
  GgufReader(ArrayRef<uint8_t> bytes, StringRef file) : bytes(bytes), file(file), cursor(bytes, file) {}

  Expected<GgufContents> read() {
    uint64_t tensorCount, pairCount;
    if (Error error = readHeader(tensorCount, pairCount))
      return error;
    for (uint64_t i = 0; i < pairCount; ++i)
      if (Error error = readPair())
        return error;
    uint64_t alignment;
    if (Error error = checkGeneralKeys(alignment))
      return error;
    for (uint64_t i = 0; i < tensorCount; ++i)
      if (Error error = readTensorInfo(alignment))
        return error;
    if (Error error = placeTensors(alignment))
      return error;
    return std::move(contents);
  }

private:
  // header = "GGUF" version:uint32 tensors:uint64 pairs:uint64
  Error readHeader(uint64_t &tensorCount, uint64_t &pairCount) {
    ArrayRef<uint8_t> start;
    if (Error error = cursor.take(magic.size(), start, "the letters 'GGUF'"))
      return error;
    if (!looksLikeGguf(bytes))
      return cursor.wrong(0, "the letters 'GGUF'", "others", "this is not a GGUF file");
    uint32_t version;
    if (Error error = cursor.number(version, "the version"))
      return error;
    if ((version & 0xffff) == 0 && version != 0)
      return cursor.wrong(4, "a little-endian file", "a big-endian one", "convert it on a little-endian machine");
    if (version != 2 && version != 3)
      return cursor.wrong(4, "GGUF version 2 or 3", Twine(version), "convert the model again with current tools");
    // A tensor takes at least a name's length, n, a type and an offset; a pair
    // a key's length, a type and a byte.
    if (Error error = cursor.count(tensorCount, 8 + 4 + 4 + 8, "tensors"))
      return error;
    return cursor.count(pairCount, 8 + 4 + 1, "key-value pairs");
  }

  // pair = key:string type:uint32 value
  Error readPair() {
    uint64_t begin = cursor.offset();
    StringRef key;
    if (Error error = cursor.string(key, "a key"))
      return error;
    bool plain = llvm::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
    if (key.empty() || !plain || key.count('.') > mostDots)
      return cursor.wrong(begin, "a key of printable ASCII with at most " + Twine(mostDots) + " dots",
                          "'" + key + "'", damagedRemedy);
    GgufValue value;
    value.key = key.str();
    std::string what = ("the value of key '" + key + "'").str();
    if (Error error = readType(value.type, what))
      return error;
    value.offset = cursor.offset();
    value.elementType = value.type;
    if (Error error = readValue(value, what))
      return error;
    if (!contents.metadata.add(std::move(value)))
      return cursor.wrong(begin, "each key once", "key '" + key + "' again", "remove one of the two");
    return Error::success();
  }

  Error readType(GgufType &type, StringRef what) {
    uint64_t begin = cursor.offset();
    uint32_t number;
    if (Error error = cursor.number(number, "the type of " + what))
      return error;
    if (number > static_cast<uint32_t>(GgufType::F64))
      return cursor.wrong(begin, "a type from 0 to 12 for " + what, Twine(number), damagedRemedy);
    type = static_cast<GgufType>(number);
    return Error::success();
  }

  // value = scalar | string | elementType:uint32 count:uint64 { scalar | string }
  Error readValue(GgufValue &value, StringRef what) {
    if (value.type == GgufType::String) {
      StringRef text;
      if (Error error = cursor.string(text, what))
        return error;
      value.bytes = {text.bytes_begin(), text.bytes_end()};
      return Error::success();
    }
    if (value.type == GgufType::Array)
      if (Error error = readArrayHead(value, what))
        return error;
    if (value.elementType == GgufType::String)
      return readTexts(value, what);
    // No overflow: readArrayHead has compared the count with the file's size.
    if (Error error = cursor.take(value.count * ggufTypeBytes(value.elementType), value.bytes, what))
      return error;
    if (value.elementType == GgufType::Bool)
      for (uint64_t i = 0; i < value.count; ++i)
        if (value.bytes[i] > 1)
          return cursor.wrong(cursor.offset() - value.count + i, "0 or 1 in " + what, Twine(static_cast<unsigned>(value.bytes[i])), damagedRemedy);
    return Error::success();
  }

  Error readArrayHead(GgufValue &value, StringRef what) {
    uint64_t begin = cursor.offset();
    if (Error error = readType(value.elementType, what))
      return error;
    if (value.elementType == GgufType::Array)
      return cursor.wrong(begin, "an array of scalars or strings for " + what, "an array of arrays",
                          "nested arrays are not supported");
    // A string takes at least its length.
    uint64_t least = value.elementType == GgufType::String ? 8 : ggufTypeBytes(value.elementType);
    return cursor.count(value.count, least, "elements of " + what);
  }

  Error readTexts(GgufValue &value, StringRef what) {
    value.texts.resize(value.count);
    for (StringRef &text : value.texts)
      if (Error error = cursor.string(text, "a string in " + what))
        return error;
    return Error::success();
  }

  /// The keys that decide how the rest is read.
  Error checkGeneralKeys(uint64_t &alignment) {
    const GgufMetadata &metadata = contents.metadata;
    alignment = 32;
    if (const GgufValue *value = metadata.find("general.alignment")) {
      std::optional<int64_t> number = value->integer();
      if (value->type != GgufType::U32 || !isPowerOf2_64(*number))
        return cursor.wrong(value->offset, "a power of two as uint32 in key 'general.alignment'",
                            ggufTypeName(value->type) + (number ? " " + Twine(*number).str() : ""), damagedRemedy);
      alignment = *number;
    }
    Expected<GgufPart> part = ggufPart(metadata, file);
    if (!part)
      return part.takeError();
    contents.part = *part;
    std::optional<StringRef> architecture = metadata.text("general.architecture");
    if (part->number == 0 && (!architecture || architecture->empty()))
      return readError(file, "metadata", "a string in key 'general.architecture'",
                       metadata.find("general.architecture") ? "something else" : "no such key",
                       "convert the model again with current tools");
    return Error::success();
  }

  // tensor = name:string n:uint32 extents:uint64[n] type:uint32 offset:uint64
  Error readTensorInfo(uint64_t alignment) {
    uint64_t begin = cursor.offset();
    StoredTensor tensor;
    StringRef name;
    if (Error error = cursor.string(name, "a tensor's name"))
      return error;
    if (name.empty() || !json::isUTF8(name))
      return cursor.wrong(begin, "a tensor's name in UTF-8", "'" + name + "'", damagedRemedy);
    if (!names.insert(name).second)
      return cursor.wrong(begin, "each tensor once", "tensor '" + name + "' again", damagedRemedy);
    tensor.name = name.str();
    tensor.file = file.str();
    if (Error error = readShape(tensor))
      return error;
    if (Error error = readStorageType(tensor))
      return error;
    begin = cursor.offset();
    if (Error error = cursor.number(tensor.offset, "the offset of tensor '" + name + "'"))
      return error;
    if (tensor.offset % alignment != 0)
      return cursor.wrong(begin, "a multiple of " + Twine(alignment) + " as the offset of tensor '" + name + "'",
                          Twine(tensor.offset), damagedRemedy);
    contents.tensors.push_back(std::move(tensor));
    return Error::success();
  }

  Error readShape(StoredTensor &tensor) {
    uint64_t begin = cursor.offset();
    uint32_t dimensions;
    if (Error error = cursor.number(dimensions, "the dimensions of tensor '" + tensor.name + "'"))
      return error;
    if (dimensions > mostDimensions)
      return cursor.wrong(begin, "at most " + Twine(mostDimensions) + " dimensions of tensor '" + tensor.name + "'",
                          Twine(dimensions), damagedRemedy);
    tensor.shape.resize(dimensions);
    for (int64_t &extent : llvm::reverse(tensor.shape)) { // the file has the innermost first
      begin = cursor.offset();
      uint64_t number;
      if (Error error = cursor.number(number, "an extent of tensor '" + tensor.name + "'"))
        return error;
      if (number > static_cast<uint64_t>(INT64_MAX))
        return cursor.wrong(begin, "an extent of tensor '" + tensor.name + "' below 2^63", Twine(number),
                            damagedRemedy);
      extent = static_cast<int64_t>(number);
    }
    return Error::success();
  }

  Error readStorageType(StoredTensor &tensor) {
    uint64_t begin = cursor.offset();
    uint32_t number;
    if (Error error = cursor.number(number, "the type of tensor '" + tensor.name + "'"))
      return error;
    const GgmlType *known = llvm::find_if(ggmlTypes, [&](const GgmlType &type) { return type.number == number; });
    if (known == std::end(ggmlTypes))
      return cursor.wrong(begin, "a known type of tensor '" + tensor.name + "'", "type " + Twine(number),
                          "the file is damaged, or newer than this program");
    if (!known->type)
      return cursor.wrong(begin, "tensor '" + tensor.name + "' in a type that files still use",
                          known->name, "this type is not supported: convert the model again with current tools");
    tensor.type = *known->type;
    return Error::success();
  }

  /// Turns offsets from the beginning of the data into ranges of bytes, and
  /// makes sure that they lie in the file and apart from each other.
  Error placeTensors(uint64_t alignment) {
    // Neither overflows: the offset is below 2^63 and the alignment below 2^32.
    uint64_t dataStart = alignTo(cursor.offset(), alignment);
    uint64_t room = bytes.size() > dataStart ? bytes.size() - dataStart : 0;
    for (StoredTensor &tensor : contents.tensors) {
      std::string where = "tensor '" + tensor.name + "'";
      std::optional<uint64_t> length = storedBytes(tensor.shape, tensor.type);
      if (!length)
        return readError(file, where, "a shape in whole blocks of " + Twine(blockFacts(tensor.type).elements) +
                             " elements that fits in memory",
                         shapeText(tensor.shape) + " of " + blockFacts(tensor.type).name, damagedRemedy);
      if (tensor.offset > room || *length > room - tensor.offset)
        return readError(file, where, Twine(*length) + " bytes at offset " + Twine(tensor.offset) + " of the data",
                         Twine(room) + " bytes of data from byte " + Twine(dataStart) + " on", damagedRemedy);
      tensor.offset += dataStart;
      tensor.bytes = bytes.slice(std::min<uint64_t>(tensor.offset, bytes.size()), *length);
    }
    return checkOverlap();
  }

  Error checkOverlap() {
    llvm::sort(contents.tensors, [](const StoredTensor &a, const StoredTensor &b) {
      return std::tuple(a.offset, a.bytes.size(), StringRef(a.name)) <
             std::tuple(b.offset, b.bytes.size(), StringRef(b.name));
    });
    for (size_t i = 1; i < contents.tensors.size(); ++i) {
      const StoredTensor &before = contents.tensors[i - 1], &tensor = contents.tensors[i];
      if (before.offset + before.bytes.size() > tensor.offset)
        return readError(file, "tensor '" + tensor.name + "'", "data of its own",
                         "data at byte " + Twine(tensor.offset) + " that overlaps that of '" + before.name + "'",
                         damagedRemedy);
    }
    return Error::success();
  }

  static std::string shapeText(ArrayRef<int64_t> shape) {
    return "[" + llvm::join(llvm::map_range(shape, [](int64_t n) { return std::to_string(n); }), ", ") + "]";
  }

  ArrayRef<uint8_t> bytes;
  StringRef file;
  GgufCursor cursor;
  GgufContents contents;
  StringSet<> names;
};
} // namespace

bool heddle::looksLikeGguf(ArrayRef<uint8_t> bytes) {
  return bytes.take_front(magic.size()) == ArrayRef<uint8_t>(magic.bytes_begin(), magic.bytes_end());
}

Expected<GgufContents> heddle::parseGguf(ArrayRef<uint8_t> bytes, StringRef file) {
  return GgufReader(bytes, file).read();
}
