sheaf_test(report SOURCES test_report_text.c test_report_model.c LINK PkgConfig::UTF8PROC)
