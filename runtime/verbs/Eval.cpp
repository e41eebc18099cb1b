//===- Eval.cpp - the verb `eval`: outputs for given ids ------------------===//

#include "runtime/support/Safetensors.h"
#include "runtime/verbs/Evaluation.h"
#include "runtime/verbs/Options.h"
#include "runtime/verbs/Verbs.h"

namespace heddle {

namespace {
/// A file of tensors.
class FileStore : public EvalStore {
public:
  FileStore(const std::string &path, const std::vector<EvalTensor> &tensors) : writer(path) {
    for (const EvalTensor &tensor : tensors)
      tensor.integers ? writer.declareIntegers(tensor.name, tensor.shape)
                      : writer.declareFloats(tensor.name, tensor.shape);
    writer.create();
  }

  std::span<float> floats(const std::string &name) override { return writer.floats(name); }
  std::span<int64_t> integers(const std::string &name) override { return writer.integers(name); }
  void finish() { writer.finish(); }

private:
  SafetensorsWriter writer;
};
} // namespace

void evalVerb(const Invocation &call) {
  std::string input, output;
  std::optional<uint64_t> greedy;
  bool hidden = false;
  MachineOptions machine;
  CommandLine line(call.name, "Computes the outputs for given ids, to be compared with a reference's.");
  line.option("--input", input,
              "safetensors with input_ids [B, T], and attention_mask, token_type_ids, "
              "decoder_input_ids where the model takes them")
      .require("--input");
  line.option("--output", output, "safetensors to write: logits or the model's other outputs")
      .require("--output");
  line.option("--greedy", greedy, 1, 1 << 20, "also greedy_ids: N tokens more for each row, by argmax");
  line.flag("--hidden", hidden, "also hidden_0, hidden_1, ... of row 0");
  machine.declare(line);
  if (!line.parse(call.arguments))
    return;

  std::unique_ptr<Model> model = machine.load(call.image);
  SafetensorsReader reader(input);
  EvalBatch batch = EvalBatch::read(reader, furtherInputs(model->description()));
  Evaluation evaluation(*model, batch, greedy, hidden);
  FileStore store(output, evaluation.tensors());
  evaluation.run(store);
  store.finish();
}

} // namespace heddle
