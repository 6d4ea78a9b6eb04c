<?php

require __DIR__ . '/../ask.php';
echo ask();
