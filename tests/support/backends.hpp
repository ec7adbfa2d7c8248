#pragma once
// The backends that a typed test runs on: TEMPLATE_TEST_CASE("...", "[nn]", OGM_TEST_BACKENDS).

#include <support/eigen_products.hpp>
#ifdef OGM_WITH_ONEDNN
#include <ogm/backend/onednn.hpp>
#define OGM_TEST_BACKENDS ogm::backend::eigen<float>, ogm::backend::eigen<double>, ogm::backend::onednn
#else
#define OGM_TEST_BACKENDS ogm::backend::eigen<float>, ogm::backend::eigen<double>
#endif
