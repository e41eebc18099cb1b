// RUN: heddle-opt %s --make-kernels --verify-diagnostics --split-input-file

// What the pipeline's passes do not leave behind has no kernel.
func.func private @f(!heddle.tensor<T>) -> !heddle.tensor<T>
heddle.layer @call(%x: !heddle.tensor<T>) -> !heddle.tensor<T> attributes {kind = "block"} {
  // expected-error @below {{'func.call' op has no kernel}}
  %y = func.call @f(%x) : (!heddle.tensor<T>) -> !heddle.tensor<T>
  heddle.return %y : !heddle.tensor<T>
}

// -----

heddle.entry @arithmetic(%x: !heddle.tensor<T>) -> !heddle.tensor<T> attributes {input_names = ["x"], output_names = ["y"], extents = array<i64: 0>, defaults = [unit]} {
  %c = arith.constant 1.0 : f32
  // expected-error @below {{'arith.addf' op has no kernel}}
  %s = arith.addf %c, %c : f32
  heddle.return %x : !heddle.tensor<T>
}
