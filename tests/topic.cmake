sheaf_test(topic SOURCES test_topic_names.c test_topic_words.c)
